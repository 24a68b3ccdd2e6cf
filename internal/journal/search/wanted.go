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

// inRange is answered by the index of the table alone: there, what it reads lies side by side.
const inRange = `select first, places from journal_search_term where term = any ($1) and first >= $2 and first < $3`

// reads are the places at which wanted things are, by block. A block without them is not there.
type reads map[int64]*places

// ask reads the wanted things of all blocks from an index on and before another one, once the blocks are known.
func (w *wanted) ask(b *pgx.Batch, from, end int64, blocks *[]*stretch, out reads) {
	b.Queue(inRange, w.terms, from, end).Query(func(rows pgx.Rows) error { return w.take(rows, *blocks, out) })
}

// read reads the wanted things of some blocks, which are in the order of the log or the other one.
func (w *wanted) read(ctx context.Context, tx pgx.Tx, blocks []*stretch) (reads, error) {
	out := make(reads, len(blocks))
	if len(w.terms) == 0 || len(blocks) == 0 {
		return out, nil
	}
	firsts := make([]int64, 0, len(blocks))
	for _, b := range blocks {
		firsts = append(firsts, b.first)
	}
	low, high := min(firsts[0], firsts[len(firsts)-1]), max(firsts[0], firsts[len(firsts)-1])
	sql, args := inRange, []any{w.terms, low, high + 1}
	if (high-low)/large > 4*int64(len(blocks)) { // fewer are looked up than would be read in vain
		sql, args = `select first, places from journal_search_term where term = any ($1) and first = any ($2)`, []any{w.terms, firsts}
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return out, w.take(rows, blocks, out)
}

// take takes what a query reads of some blocks; of others it may read too.
func (w *wanted) take(rows pgx.Rows, blocks []*stretch, out reads) error {
	sizes := make(map[int64]int, len(blocks))
	for _, b := range blocks {
		sizes[b.first] = b.size
	}
	var first int64
	var held pgtype.DriverBytes // valid until the next row
	var fresh []places          // many at a time: a search takes some thousands
	_, err := pgx.ForEachRow(rows, []any{&first, &held}, func() error {
		size, asked := sizes[first]
		if !asked {
			return nil
		}
		p := out[first]
		if p == nil {
			if len(fresh) == 0 {
				fresh = make([]places, min(len(blocks), 64))
			}
			p, fresh = &fresh[0], fresh[1:]
			out[first] = p
		}
		w.places += p.take(held, size)
		return nil
	})
	w.blocks += len(blocks)
	return err
}
