package attestation

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"mandat/internal/paper"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

//go:embed words
var files embed.FS

// phrases are what documents say in one language: a file in words. A phrase is a sentence or two, or what stands at the head of a row, with {places} for what was agreed; compose.go
// puts the phrases in their order, the same in every language. Levels and warnings that a file does not have are those of the recap (package terms): the words in which the
// citizen agreed.
type phrases struct {
	Levels  map[procedure.Level]string `json:"levels"`
	Phrases map[string]string          `json:"phrases"`
	recap   *terms.Words
}

// allPhrases are those of every language of the recap.
var allPhrases = sync.OnceValue(func() map[string]*phrases {
	out := map[string]*phrases{}
	for _, lang := range terms.RecapLanguages {
		p := &phrases{}
		b, err := files.ReadFile("words/" + lang + ".json")
		if err == nil {
			err = json.Unmarshal(b, p)
		}
		if err == nil {
			p.recap, err = terms.WordsOf(lang)
		}
		if err != nil {
			panic(fmt.Errorf("words of documents in %s: %w", lang, err)) // they are compiled in, and a test reads them
		}
		if p.Levels == nil {
			p.Levels = p.recap.Levels
		}
		out[lang] = p
	}
	return out
})

var place = regexp.MustCompile(`\{[a-z_]+\}`)

// How the values of places are marked in a translation: those that were put together here are already, numbers and addresses run from left to right, and all others,
// names and dates, in the direction of their own letters.
var (
	together    = map[string]bool{"birth": true, "span": true, "power": true, "procedure": true, "body": true, "what": true, "warning": true, "people": true, "role": true}
	leftToRight = map[string]bool{"phone": true, "siret": true, "case": true, "word": true, "id": true, "organisation_mail": true, "service_mail": true}
)

// say writes a phrase, with names and values in turn for its places.
func (x subject) say(key string, args ...string) string {
	text, ok := allPhrases()[x.lang].Phrases[key]
	if !ok {
		panic("attestation: no phrase " + key + " in " + x.lang) // the tests write every document in every language
	}
	values := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		values["{"+args[i]+"}"] = x.marked(args[i], args[i+1])
	}
	return place.ReplaceAllStringFunc(text, func(name string) string { return values[name] })
}

// marked is the value of a place.
func (x subject) marked(name, value string) string {
	switch {
	case together[name]:
		return value
	case leftToRight[name]:
		return x.mark(paper.LeftToRight, value)
	}
	return x.mark(paper.Isolated, value)
}

// mark marks a value in a translation, which is a page, and leaves it as it is in a document, which is set as a PDF.
func (x subject) mark(m paper.Mark, value string) string {
	if !x.beside {
		return value
	}
	return m.Around(value)
}

// official is a name that the State gives: in French where it has given none in the language.
func (x subject) official(t procedure.Text) string {
	if s, ok := t[x.lang]; ok {
		return x.mark(paper.Isolated, s)
	}
	return x.mark(paper.French, t.In("fr"))
}

// warning is what to beware of in a procedure, "" for nothing.
func (x subject) warning(t procedure.Text) string {
	if s := allPhrases()[x.lang].recap.Warning(t); s != "" || t == nil {
		return s
	}
	return x.official(t)
}

// listed joins what stands in a row.
func (x subject) listed(parts []string) string { return strings.Join(parts, x.say("comma")) }
