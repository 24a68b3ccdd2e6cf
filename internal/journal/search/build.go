package search

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// alongIndexes leaves PostgreSQL one way to read a range: along its index. A plan is made once in a connection, perhaps when the tables were
// nearly empty, and kept while they grow.
const alongIndexes = `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`

// block is what is known of the entries from an index on.
type block struct {
	first   int64
	size    int
	times   []byte
	firstAt time.Time
	lastAt  time.Time
	terms   map[Term]*places
}

// build reads the entries of a block that is full. It reads only, so that it holds back nothing that waits for writing transactions.
func (f *Follower) build(ctx context.Context, first int64, size int) (*block, error) {
	b := &block{first: first, size: size, times: make([]byte, 0, 8*size), terms: map[Term]*places{}}
	err := f.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		return eachOf(ctx, tx, first, first+int64(size), func(index int64, e *journal.Entry) { b.add(int(index-first), e) })
	})
	if err == nil && len(b.times) != 8*size {
		err = errShort
	}
	return b, err
}

// add takes the entry at a place; nil is one that was forgotten, of which nothing but the place is left.
func (b *block) add(place int, e *journal.Entry) {
	if e != nil {
		if b.firstAt.IsZero() || e.At.Before(b.firstAt) {
			b.firstAt = e.At
		}
		if e.At.After(b.lastAt) {
			b.lastAt = e.At
		}
		for _, t := range termsOf(e) {
			p := b.terms[t]
			if p == nil {
				p = &places{}
				b.terms[t] = p
			}
			p.put(place)
		}
		b.times = binary.BigEndian.AppendUint64(b.times, uint64(e.At.UnixMicro()))
		return
	}
	b.times = binary.BigEndian.AppendUint64(b.times, 0)
}

// timeOf is when the entry at a place was made, from the times of its block; the zero time when that was forgotten.
func timeOf(times []byte, place int) time.Time {
	if micros := binary.BigEndian.Uint64(times[8*place:]); micros > 0 {
		return time.UnixMicro(int64(micros)).UTC() //nolint:gosec // add wrote it
	}
	return time.Time{}
}

// write puts the block in the place of everything that stands where it does.
func (b *block) write(ctx context.Context, tx *db.Tx) error {
	terms, lists := make([][]byte, 0, len(b.terms)), make([][]byte, 0, len(b.terms))
	for t, p := range b.terms {
		terms, lists = append(terms, []byte(t)), append(lists, p.encode(b.size))
	}
	if b.firstAt.IsZero() { // every one of them was forgotten
		b.firstAt, b.lastAt = time.UnixMicro(0), time.UnixMicro(0)
	}
	end := b.first + int64(b.size)
	batch := &pgx.Batch{}
	batch.Queue(`delete from journal_search_term where first / 256 >= $1 and first / 256 < $2`, b.first/small, end/small)
	batch.Queue(`delete from journal_search_block where first >= $1 and first < $2`, b.first, end)
	batch.Queue(`insert into journal_search_block (first, size, first_at, last_at, times) values ($1, $2, $3, $4, $5)`, b.first, b.size, b.firstAt, b.lastAt, b.times)
	batch.Queue(`insert into journal_search_term (term, first, places) select t.term, $1, t.places from unnest($2::bytea[], $3::bytea[]) as t (term, places)`, b.first, terms, lists)
	return tx.SendBatch(ctx, batch).Close()
}

// eachOf reads the entries of the log from an index on and before another one, in their order; nil stands for one that was forgotten.
func eachOf(ctx context.Context, tx pgx.Tx, from, end int64, each func(int64, *journal.Entry)) error {
	rows, err := tx.Query(ctx, `select l.index, e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body, e.session_id
		from journal_leaf l left join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index`, from, end)
	if err != nil {
		return err
	}
	var r row
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		each(r.index, r.entry())
		return nil
	})
	return err
}
