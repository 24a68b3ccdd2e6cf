package statistics

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// errOther says that another server has gone on meanwhile.
var errOther = errors.New("another server counts")

// Count counts what the log has got since it did last. It is for a job. What was read and how far are written in one transaction, by whoever finds the place where it
// began still standing: an entry counts once, whatever is killed, and however many servers do it.
func (r *Register) Count(ctx context.Context) error {
	for {
		more, err := r.count(ctx)
		if errors.Is(err, errOther) {
			return nil
		}
		if err != nil || !more {
			return wrap("count acts", err)
		}
	}
}

func (r *Register) count(ctx context.Context) (more bool, err error) {
	var next, size int64
	t := tally{}
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var err error
		if next, size, err = stands(ctx, tx); err != nil || next >= size {
			return err
		}
		return read(ctx, tx, next, min(next+r.step, size), Actions(), t.add)
	})
	if err != nil || next >= size {
		return false, err
	}
	end := min(next+r.step, size)
	err = r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		if err := tx.ExecOne(ctx, errOther, `update statistics_follow set next = $2 where next = $1`, next, end); err != nil {
			return err
		}
		return t.write(ctx, tx)
	})
	return end < size, err
}

// stands is how far the log was counted, and how long it is.
func stands(ctx context.Context, tx pgx.Tx) (next, size int64, err error) {
	err = tx.QueryRow(ctx, `select next, coalesce((select size from journal_tree), 0) from statistics_follow`).Scan(&next, &size)
	return next, size, err
}

// cell is what acts are counted by. The nil organisation is all of them together; the procedure "" is each act once.
type cell struct {
	organisation uuid.UUID
	day          time.Time
	procedure    string
	action       string
}

// tally is how many acts of each day there are.
type tally map[cell]int64

func (t tally) add(a *act) {
	for _, key := range append(a.procedures, "") {
		t[cell{uuid.Nil, a.day, key, a.action}]++
		if a.organisation != uuid.Nil {
			t[cell{a.organisation, a.day, key, a.action}]++
		}
	}
}

// months is the same by month.
func (t tally) months() tally {
	out := tally{}
	for c, n := range t {
		c.day = monthOf(c.day)
		out[c] += n
	}
	return out
}

// columns are the cells in the order of the tables' keys, as arrays.
func (t tally) columns() []any {
	cells := make([]cell, 0, len(t))
	for c := range t {
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(slices.Compare(a.organisation[:], b.organisation[:]), a.day.Compare(b.day), cmp.Compare(a.procedure, b.procedure), cmp.Compare(a.action, b.action))
	})
	organisations, days := make([]uuid.UUID, len(cells)), make([]time.Time, len(cells))
	procedures, actions, acts := make([]string, len(cells)), make([]string, len(cells)), make([]int64, len(cells))
	for i, c := range cells {
		organisations[i], days[i], procedures[i], actions[i], acts[i] = c.organisation, c.day, c.procedure, c.action, t[c]
	}
	return []any{organisations, days, procedures, actions, acts}
}

func (t tally) write(ctx context.Context, tx *db.Tx) error {
	if len(t) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into statistics_day as s (organisation_id, day, procedure, action, acts) select * from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::bigint[])
		on conflict (organisation_id, day, procedure, action) do update set acts = s.acts + excluded.acts`, t.columns()...)
	batch.Queue(`insert into statistics_month as s (organisation_id, month, procedure, action, acts) select * from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::bigint[])
		on conflict (organisation_id, month, procedure, action) do update set acts = s.acts + excluded.acts`, t.months().columns()...)
	return tx.SendBatch(ctx, batch).Close()
}
