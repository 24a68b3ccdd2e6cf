package attestation

import (
	"context"
	"fmt"
	"slices"

	"mandat/internal/journal"
)

// Translation is a language that the words of a document can be read in beside the French ones, on a page to print: a browser sets every
// script, and the sealed document stays the French one.
type Translation struct {
	Tag         string // BCP 47
	Name        string // in the language itself
	RightToLeft bool
}

// translations lists them. One more is a line here, words of its own beside french.go (a writer, that TestCompose_BlockForBlock holds to the
// French block for block) and its dates in package prose. They are written by people who speak the language, or not at all: so far there is one. The other languages of the
// recap (terms.RecapLanguages), whose dates are there already, are not among them: a document says much that the recap does not.
var translations = []Translation{{Tag: "en", Name: "English"}}

// Translations lists the languages that documents can be read in beside French.
func Translations() []Translation { return slices.Clone(translations) }

// FindTranslation finds a language by its tag; ErrLanguage if there is none.
func FindTranslation(tag string) (Translation, error) {
	for _, t := range translations {
		if t.Tag == tag {
			return t, nil
		}
	}
	return Translation{}, ErrLanguage
}

// Translate returns the French document that Issue returns for a sheet, and what it says in another language. Its errors are those of Issue.
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
	x := subject{agreed: read(m, d.IssuedAt), lang: t.Tag, service: p.settings, status: d.StatusURL, word: d.Word, now: d.IssuedAt}
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
