package search

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

const (
	blocksRead = 1024 // large blocks that are looked through for a page at most: eight million entries
	firstReach = 16   // large blocks in the first step
	grows      = 4    // how many times as long as the one before a step is at most
	tailRead   = 2 * small
)

// walk is a search through the blocks, from the newest on.
type walk struct {
	Filter
	of        []wanted // the rarest first
	none      wanted
	limit     int
	reach     int64
	before    int64
	covered   int64 // entries that are in blocks
	low, high int64 // of the blocks that lie in the filter's time
	indexes   []int64
	entries   map[int64]journal.Entry // those that were read already
}

// inBlocks finds indexes of entries in one snapshot, then reads the entries.
func (f *Finder) inBlocks(ctx context.Context, filter Filter, limit int) (Found, error) {
	w := &walk{Filter: filter, limit: limit + 1, reach: f.reach, before: filter.Before, entries: map[int64]journal.Entry{}}
	if w.before <= 0 {
		w.before = math.MaxInt64
	}
	of, none := filter.wants()
	for _, list := range of {
		w.of = append(w.of, wantedOf(list))
	}
	w.none = wantedOf(none)
	var out Found
	err := f.db.Snapshot(ctx, db.System(), func(tx pgx.Tx) error {
		var err error
		if out.Missing, err = w.begin(ctx, tx); err != nil {
			return err
		}
		if out.Next, out.Reached, err = w.through(ctx, tx); err != nil {
			return err
		}
		return w.read(ctx, tx, &out)
	})
	return out, err
}

// begin looks how far the blocks reach, and goes through the entries that are in none yet.
func (w *walk) begin(ctx context.Context, tx pgx.Tx) (missing int64, err error) {
	var size int64
	var low, high *int64
	from, to := w.From, w.To
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	first := &pgx.Batch{}
	first.Queue(alongIndexes)
	first.Queue(`select coalesce((select size from journal_tree), 0), coalesce((select first + size from journal_search_block order by first desc limit 1), 0),
		(select first from journal_search_block where last_at >= $1 and first_at < $2 order by first limit 1),
		(select first + size from journal_search_block where last_at >= $1 and first_at < $2 order by first desc limit 1)`, from, to).QueryRow(func(row pgx.Row) error {
		return row.Scan(&size, &w.covered, &low, &high)
	})
	if err = tx.SendBatch(ctx, first).Close(); err != nil {
		return 0, err
	}
	if low != nil {
		w.low, w.high = *low, *high
	}
	end := min(size, w.covered+tailRead)
	if end < size {
		missing = end
	}
	if end = min(end, w.before); end <= w.covered {
		return missing, nil
	}
	var newest []int64
	err = eachOf(ctx, tx, w.covered, end, func(index int64, e *journal.Entry) {
		if e != nil && w.fits(e) {
			newest, w.entries[index] = append(newest, index), *e
		}
	})
	slices.Reverse(newest)
	w.indexes = newest[:min(len(newest), w.limit)]
	return missing, err
}

// through goes through the blocks, until the page is full, its share of them is looked through, or there are no more.
func (w *walk) through(ctx context.Context, tx pgx.Tx) (next int64, reached time.Time, err error) {
	at, left, step, earlier := min(w.high, w.before), w.reach, int64(firstReach), len(w.indexes)
	for at > w.low && len(w.indexes) < w.limit {
		if left <= 0 {
			err = tx.QueryRow(ctx, `select last_at from journal_search_block where first < $1 order by first desc limit 1`, at).Scan(&reached)
			return at, reached.UTC(), err
		}
		from := max(w.low, (at-1)/large*large-(min(step, left)-1)*large)
		if err := w.look(ctx, tx, from, at); err != nil {
			return 0, time.Time{}, err
		}
		left, at = left-step, from
		step = w.stride(step, len(w.indexes)-earlier, w.reach-left)
	}
	if len(w.indexes) == w.limit {
		w.indexes = w.indexes[:w.limit-1]
		next = w.indexes[len(w.indexes)-1]
	}
	return next, time.Time{}, nil
}

// stride is how many blocks to go through next: as many as probably fill the page, by what was found in those before.
func (w *walk) stride(last int64, found int, in int64) int64 {
	if found == 0 {
		return grows * last
	}
	missing := int64(w.limit - len(w.indexes))
	return min(grows*last, max(firstReach, missing*in*5/4/int64(found)))
}

// look goes through the blocks from an index on and before another one, from the newest on. What is wanted is read one after the other, and each but the first only where the ones before left something.
func (w *walk) look(ctx context.Context, tx pgx.Tx, from, end int64) error {
	var blocks []*stretch
	held := reads{}
	from -= from % large
	first := &pgx.Batch{}
	w.stretches(first, from, end, &blocks)
	if len(w.of) > 0 {
		w.of[0].ask(first, from, end, &blocks, held)
	}
	err := tx.SendBatch(ctx, first).Close()
	if err != nil {
		return err
	}
	for i := range w.of {
		if i > 0 {
			if held, err = w.of[i].read(ctx, tx, blocks); err != nil {
				return err
			}
		}
		blocks = slices.DeleteFunc(blocks, func(b *stretch) bool {
			h := held[b.first]
			return h == nil || !b.keep(h)
		})
	}
	slices.SortStableFunc(w.of, func(a, b wanted) int { return cmp.Compare(a.often(), b.often()) })
	if held, err = w.none.read(ctx, tx, blocks); err != nil {
		return err
	}
	for _, b := range blocks {
		if b.left == nil {
			b.left = all(b.size)
		}
		if h := held[b.first]; h != nil {
			b.left.without(h)
		}
		if !b.left.last(func(place int) bool {
			if index := b.first + int64(place); index < w.before && (b.times == nil || w.timely(b.times, place)) {
				w.indexes = append(w.indexes, index)
			}
			return len(w.indexes) < w.limit
		}) {
			return nil
		}
	}
	return nil
}

// stretch is a block as it is looked through.
type stretch struct {
	first int64
	size  int
	times []byte  // nil: it lies in the filter's time whole
	left  *places // nil: every place
}

// keep keeps of the places that are left those in p, and reports whether that may be some. p is the block's then.
func (b *stretch) keep(p *places) bool {
	if b.left == nil {
		b.left = p
		return true
	}
	return b.left.and(p)
}

// stretches reads the blocks of a range, the newest first, in which everything is left yet.
func (w *walk) stretches(b *pgx.Batch, from, end int64, out *[]*stretch) {
	to := w.To
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	b.Queue(`select first, size, case when first_at < $3 or last_at >= $4 then times end from journal_search_block
		where first >= $1 and first < $2 and last_at >= $3 and first_at < $4 order by first desc`, from, end, w.From, to).Query(func(rows pgx.Rows) error {
		var s stretch
		_, err := pgx.ForEachRow(rows, []any{&s.first, &s.size, &s.times}, func() error {
			*out = append(*out, &stretch{s.first, s.size, s.times, nil})
			return nil
		})
		return err
	})
}

func (w *walk) timely(times []byte, place int) bool {
	t := timeOf(times, place)
	return !t.IsZero() && w.during(t)
}

// read reads the entries that were found. One that was forgotten meanwhile is not among them.
func (w *walk) read(ctx context.Context, tx pgx.Tx, out *Found) error {
	var unread []int64
	for _, i := range w.indexes {
		if _, ok := w.entries[i]; !ok {
			unread = append(unread, i)
		}
	}
	if len(unread) > 0 {
		if err := fetch(ctx, tx, unread, func(e *journal.Entry) { w.entries[e.Index] = *e }); err != nil {
			return err
		}
	}
	for _, i := range w.indexes {
		if e, ok := w.entries[i]; ok {
			out.Entries = append(out.Entries, e)
		}
	}
	return nil
}
