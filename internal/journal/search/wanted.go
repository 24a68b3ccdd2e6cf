package search

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// wanted are terms of which an entry has one, and how often that was so in the blocks that were read.
type wanted struct {
	terms          [][]byte
	places, blocks int
}

func wantedOf(list []Term) wanted {
	var w wanted
	for _, t := range list {
		w.terms = append(w.terms, []byte(t))
	}
	return w
}

// often is the share of a block that has one of the terms.
func (w *wanted) often() float64 { return float64(w.places) / float64(max(w.blocks, 1)) }

// read reads at which places of some blocks, which are in the order of the log or the other one, the terms are, by block. A block without them is not there.
func (w *wanted) read(ctx context.Context, tx pgx.Tx, blocks []*stretch) (map[int64]*places, error) {
	out := make(map[int64]*places, len(blocks))
	if len(w.terms) == 0 || len(blocks) == 0 {
		return out, nil
	}
	sizes, firsts := make(map[int64]int, len(blocks)), make([]int64, 0, len(blocks))
	for _, b := range blocks {
		sizes[b.first], firsts = b.size, append(firsts, b.first)
	}
	low, high := min(firsts[0], firsts[len(firsts)-1]), max(firsts[0], firsts[len(firsts)-1])
	sql, args := `select first, places from journal_search_term where term = any ($1) and first >= $2 and first <= $3`, []any{w.terms, low, high}
	if (high-low)/large > 4*int64(len(blocks)) { // fewer are looked up than would be read in vain
		sql, args = `select first, places from journal_search_term where term = any ($1) and first = any ($2)`, []any{w.terms, firsts}
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var first int64
	var held pgtype.DriverBytes // valid until the next row
	_, err = pgx.ForEachRow(rows, []any{&first, &held}, func() error {
		size, asked := sizes[first]
		if !asked {
			return nil
		}
		p := out[first]
		if p == nil {
			p = &places{}
			out[first] = p
		}
		w.places += p.take(held, size)
		return nil
	})
	w.blocks += len(blocks)
	return out, err
}
