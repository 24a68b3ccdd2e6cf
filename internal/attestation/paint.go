package attestation

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"mandat/internal/paper"
	"mandat/internal/pdf"
)

// sameWords reports whether two documents say the same, but for the notes, which tell when they were made.
func sameWords(a, b []Block) bool {
	note := func(b Block) bool { return b.Kind == Note }
	return reflect.DeepEqual(slices.DeleteFunc(slices.Clone(a), note), slices.DeleteFunc(slices.Clone(b), note))
}

// paint sets words as a PDF and seals it. It takes some milliseconds of processor: never call it inside a transaction.
func (p *Press) paint(s Sheet, words []Block, now time.Time) ([]byte, error) {
	data, err := set(s, words, now)
	if err != nil {
		return nil, fmt.Errorf("set document: %w", err)
	}
	sealed, err := p.sealer.Seal(data, words[0].Text, now)
	if err != nil {
		return nil, fmt.Errorf("seal document: %w", err)
	}
	return sealed, nil
}

// set sets words in the size asked for. In normal print that is one page: with letters of ten points, or else of nine; what does not fit
// even so runs over, in letters of ten points.
func set(s Sheet, words []Block, now time.Time) ([]byte, error) {
	layouts := []pdf.Layout{pdf.Sheet(), pdf.Dense(1), pdf.Dense(2), pdf.Sheet()}
	if s.Size == Large {
		layouts = []pdf.Layout{pdf.Large()}
	}
	for i, layout := range layouts {
		d, err := lay(layout, s.Lang, words, now)
		if err != nil {
			return nil, err
		}
		if i == len(layouts)-1 || d.Pages() == 1 {
			return d.Bytes()
		}
	}
	return nil, errors.New("no layout")
}

// lay lays words out.
func lay(layout pdf.Layout, lang string, words []Block, now time.Time) (*pdf.Document, error) {
	d := pdf.NewIn(layout, lang, words[0].Text, now)
	return d, paper.Set(d, words)
}
