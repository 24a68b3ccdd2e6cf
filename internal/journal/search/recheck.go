package search

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// recheckEach is how long lies between two blocks that are held to their entries again: in a log of twenty million entries each comes round in two days.
const recheckEach = time.Minute

// spot is a stretch of the log that should be a block; there is one, or there is not.
type spot struct {
	first int64
	size  int
	there bool
}

// Recheck makes the next block again, and holds what stands there to it: whoever can write in the tables of the search could otherwise hide entries from every search, with no other
// trace. It reports whether something else stood there, or nothing, and has put that right. Blocks in which something was forgotten lately, and what another server leads, it leaves.
func (f *Follower) Recheck(ctx context.Context) (changed bool, err error) {
	s, err := f.spot(ctx)
	if err != nil || s.size == 0 {
		return false, err
	}
	b, err := f.build(ctx, s.first, s.size)
	if err != nil {
		return false, err
	}
	err = f.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error {
		leads, err := f.lead(ctx, tx)
		if err != nil || !leads {
			return errors.Join(err, unless(leads, errOther))
		}
		changed, err = b.differs(ctx, tx, s)
		if err == nil && changed {
			err = b.write(ctx, tx)
		}
		return err
	})
	f.rechecked = s.first + int64(s.size)
	if errors.Is(err, errOther) {
		return false, nil
	}
	return changed && err == nil, err
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// spot finds what is next: from the beginning again behind the last block, and anywhere at first.
func (f *Follower) spot(ctx context.Context) (s spot, err error) {
	var covered int64
	err = f.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select coalesce((select first + size from journal_search_block order by first desc limit 1), 0)`).Scan(&covered); err != nil || covered == 0 {
			return err
		}
		if f.rechecked < 0 {
			f.rechecked = rand.Int64N(covered/small) * small //nolint:gosec // a choice of where to begin
		}
		if f.rechecked >= covered {
			f.rechecked = 0
		}
		err := tx.QueryRow(ctx, `select first, size from journal_search_block where first <= $1 order by first desc limit 1`, f.rechecked).Scan(&s.first, &s.size)
		if s.there = err == nil && s.first+int64(s.size) > f.rechecked; s.there {
			return nil
		}
		s.first, s.size = f.rechecked, small
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return s, err
}

// differs reports whether the tables say otherwise of the block than its entries. One in which something was forgotten that the follower has not come to yet does not count.
func (b *block) differs(ctx context.Context, tx *db.Tx, s spot) (bool, error) {
	end := b.first + int64(b.size)
	var stale, same bool
	err := tx.QueryRow(ctx, `select exists (select from journal_search_stale where first >= $1 and first < $2),
		(select count(*) = 1 and bool_and(first = $1 and size = $3 and times = $4) from journal_search_block where first >= $1 and first < $2)`, b.first, end, b.size, b.times).Scan(&stale, &same)
	if err != nil || stale {
		return false, err
	}
	if !s.there || !same {
		return true, nil
	}
	rows, err := tx.Query(ctx, `select term, first, places from journal_search_term where first / 256 >= $1 and first / 256 < $2`, b.first/small, end/small)
	if err != nil {
		return false, err
	}
	var term, held []byte
	var first int64
	found := 0
	_, err = pgx.ForEachRow(rows, []any{&term, &first, &held}, func() error {
		found++
		p := b.terms[Term(term)]
		same = same && p != nil && first == b.first && bytes.Equal(held, p.encode(b.size))
		return nil
	})
	return !same || found != len(b.terms), err
}
