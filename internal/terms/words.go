package terms

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"sync"
	"time"

	"mandat/internal/evidence"
	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// RecapLanguages are those in which a recap is written, by ISO 639-1 code. French is always shown too: it is what is signed for. One more is a file in
// recap/words, a line here, and its dates in package prose: the tests hold it to the French, sentence by sentence.
var RecapLanguages = []string{"fr", "en", "es", "pt", "ar", "uk", "tr"}

// ErrLanguage says that a recap is not written in a language.
var ErrLanguage = errors.New("the recap is not written in that language")

// Words is a language of the recap: a file in recap/words. A phrase is one sentence or two, as plain text, with {names} where what was agreed has its place; recap/plain.html puts
// the phrases in their order.
type Words struct {
	Name        string                     `json:"name"` // of the language, in it
	Easy        string                     `json:"easy"` // what its easy version is called, "" if it has none
	RightToLeft bool                       `json:"right_to_left"`
	Levels      map[procedure.Level]string `json:"levels"`
	Phrases     map[string]string          `json:"phrases"`
	Warnings    map[string]string          `json:"warnings"` // of procedures, by their French text with plain blanks; the catalogue has those in French and English
	lang        string
}

// WordsOf returns a language of the recap. Errors: ErrLanguage.
func WordsOf(lang string) (*Words, error) {
	all, err := allWords()
	if err != nil {
		return nil, err
	}
	w, ok := all[lang]
	if !ok {
		return nil, ErrLanguage
	}
	return w, nil
}

var allWords = sync.OnceValues(func() (map[string]*Words, error) {
	out := map[string]*Words{}
	for _, lang := range RecapLanguages {
		b, err := files.ReadFile("recap/words/" + lang + ".json")
		if err != nil {
			return nil, fmt.Errorf("words of the recap: %w", err)
		}
		w := &Words{lang: lang}
		if err := json.Unmarshal(b, w); err != nil {
			return nil, fmt.Errorf("words of the recap: %s: %w", lang, err)
		}
		out[lang] = w
	}
	return out, nil
})

// Lang is the language, by ISO 639-1 code.
func (w *Words) Lang() string { return w.lang }

// Dir is the direction in which the language is written: "ltr" or "rtl".
func (w *Words) Dir() string {
	if w.RightToLeft {
		return "rtl"
	}
	return "ltr"
}

// Forms are those in which the language has a recap, the usual one first: evidence.Plain, or evidence.Translation where the site has no pages in the language; and evidence.FALC.
func (w *Words) Forms() []string {
	out := []string{evidence.Plain}
	if prose.Translated(w.lang) {
		out[0] = evidence.Translation
	}
	if w.Easy != "" {
		out = append(out, evidence.FALC)
	}
	return out
}

// Phrase returns a phrase that has no places to fill in, "" if there is none.
func (w *Words) Phrase(key string) string { return w.Phrases[key] }

// functions are what recap/*.html write with. What comes from outside is isolated, so that its direction does not reach the words around it.
func (w *Words) functions() template.FuncMap {
	mark := func(open, shut string) func(...string) template.HTML {
		return func(parts ...string) template.HTML { return html(open, strings.Join(parts, ""), shut) }
	}
	return template.FuncMap{
		"phrase":   w.Phrase,
		"say":      w.say,
		"level":    func(l procedure.Level) string { return w.Levels[l] },
		"day":      func(t time.Time) string { return prose.Date(w.lang, t) },
		"datetime": func(t time.Time) string { return prose.DateTime(w.lang, t) },
		"unspoken": mark(`<bdi data-unspoken>`, `</bdi>`),
		"strong":   mark(`<strong><bdi data-unspoken>`, `</bdi></strong>`),
		"number":   mark(`<bdi dir="ltr" data-unspoken>`, `</bdi>`),
		"telephone": func(s string) template.HTML {
			return html(`<bdi dir="ltr" data-unspoken>`, prose.Together(s), `</bdi>`)
		},
		"official":  w.official,
		"procedure": func(t procedure.Text) template.HTML { return "<strong>" + w.official(t) + "</strong>" },
		"warning":   w.warning,
		"in":        func(t procedure.Text) string { return t.In(w.lang) },
		"easy":      func(t procedure.Text) string { return articles.ReplaceAllString(t.In(w.lang), "") },
		"picture":   picture,
	}
}

// articles are the references to the law in a warning: who reads the easy version has them in the full one below it.
var articles = regexp.MustCompile(`[\s\x{a0}]*\([^()]*\barticles?\b[^()]*\)`)

// html writes a text between two tags of ours.
func html(open, text, shut string) template.HTML {
	return template.HTML(open + template.HTMLEscapeString(text) + shut) //nolint:gosec // escaped here
}

// official is a name that the State gives: in French where it has given none in the language.
func (w *Words) official(t procedure.Text) template.HTML {
	if s, ok := t[w.lang]; ok {
		return html("", s, "")
	}
	return html(`<bdi lang="fr" dir="ltr">`, t.In("fr"), `</bdi>`)
}

func (w *Words) warning(t procedure.Text) template.HTML {
	if s := w.Warning(t); s != "" {
		return html("", s, "")
	}
	return w.official(t)
}

// Warning returns a procedure's warning in the language, "" if it has none there.
func (w *Words) Warning(t procedure.Text) string {
	if s, ok := t[w.lang]; ok {
		return s
	}
	return w.Warnings[strings.ReplaceAll(t.In("fr"), "\u00a0", " ")]
}

// say writes a phrase, with names and values in turn for its places. A place without a value, and a value without a place, are errors: nothing of the terms is left out.
func (w *Words) say(key string, args ...any) (template.HTML, error) {
	rest, ok := w.Phrases[key]
	if !ok || len(args)%2 != 0 {
		return "", fmt.Errorf("no phrase %q", key)
	}
	values := map[string]template.HTML{}
	for i := 0; i < len(args); i += 2 {
		value, ok := args[i+1].(template.HTML)
		if !ok {
			value = html("", fmt.Sprint(args[i+1]), "")
		}
		values[fmt.Sprint(args[i])] = value
	}
	var out strings.Builder
	for {
		before, after, more := strings.Cut(rest, "{")
		out.WriteString(template.HTMLEscapeString(before))
		if !more {
			break
		}
		var place string
		place, rest, _ = strings.Cut(after, "}")
		value, ok := values[place]
		if !ok {
			return "", fmt.Errorf("%s: nothing for {%s}", key, place)
		}
		out.WriteString(string(value))
		delete(values, place)
	}
	if len(values) > 0 {
		return "", fmt.Errorf("%s: no place for %d values", key, len(values))
	}
	return template.HTML(out.String()), nil //nolint:gosec // escaped piece by piece
}
