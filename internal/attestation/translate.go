package attestation

import (
	"context"
	"fmt"

	"mandat/internal/journal"
	"mandat/internal/terms"
)

// Translation is a language that the words of a document can be read in beside the French ones, on a page to print: a browser sets every
// script, and the sealed document stays the French one.
type Translation struct {
	Tag         string // BCP 47
	Name        string // in the language itself
	RightToLeft bool
	Notice      [2]string // that it is a translation which nobody checked yet, and what binds: in French, and in the language
}

// Dir is the direction in which the language is written: "ltr" or "rtl".
func (t Translation) Dir() string {
	if t.RightToLeft {
		return "rtl"
	}
	return "ltr"
}

// Translations lists the languages that documents can be read in beside French: those of the recap (terms.RecapLanguages). One more there is a file in words here: the tests
// hold it to the French, phrase by phrase and block for block.
func Translations() []Translation {
	var out []Translation
	for _, lang := range terms.RecapLanguages {
		if p := allPhrases()[lang]; lang != "fr" {
			out = append(out, Translation{Tag: lang, Name: p.recap.Name, RightToLeft: p.recap.RightToLeft, Notice: [2]string{allPhrases()["fr"].Phrases["translation"], p.Phrases["translation"]}})
		}
	}
	return out
}

// FindTranslation finds a language by its tag; ErrLanguage if there is none.
func FindTranslation(tag string) (Translation, error) {
	for _, t := range Translations() {
		if t.Tag == tag {
			return t, nil
		}
	}
	return Translation{}, ErrLanguage
}

// Translate returns the French document that Issue returns for a sheet, and what it says in another language, with the values
// of its places marked (paper.Mark). Its errors are those of Issue.
func (p *Press) Translate(ctx context.Context, by journal.Actor, s Sheet, t Translation, page string) (Document, []Block, error) {
	s.Lang = "fr"
	d, err := p.Issue(ctx, by, s, page)
	if err != nil {
		return Document{}, nil, err
	}
	m, err := p.mandates.Consult(ctx, by, s.Mandate, page)
	if err != nil {
		return Document{}, nil, fmt.Errorf("translate %s of mandate %s: %w", s.Kind, s.Mandate, err)
	}
	x := subject{agreed: read(m, d.IssuedAt), lang: t.Tag, beside: true, service: p.settings, status: d.StatusURL, word: d.Word, now: d.IssuedAt}
	return d, compose(s.Kind, x, "", nil), nil
}

// Beside pairs the blocks of a document with those of its translation. A document whose words are older than those that are translated now
// may not pair: then ok is false, and one is read after the other.
func Beside(words, translation []Block) (pairs [][2]Block, ok bool) {
	if len(words) != len(translation) {
		return nil, false
	}
	for i, b := range words {
		o := translation[i]
		if b.Kind != o.Kind || b.Level != o.Level || len(b.Items) != len(o.Items) || len(b.Rows) != len(o.Rows) {
			return nil, false
		}
		pairs = append(pairs, [2]Block{b, o})
	}
	return pairs, true
}
