package inquiry

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// CarryOut does what decisions ordered and was not done with them: a server may have stopped between the two. A job calls it.
func (r *Register) CarryOut(ctx context.Context) error {
	return r.carryOut(ctx, journal.Program(), uuid.Nil)
}

// carryOut suspends and lifts what is ordered under an inquiry, or all of them (uuid.Nil), each in an act of its own. After one that fails it goes on with the others.
func (r *Register) carryOut(ctx context.Context, by journal.Actor, inquiry uuid.UUID) error {
	var due []Measure
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+measureColumns+` from inquiry_measure m where m.state in ('ordered', 'ending') and ($1::uuid is null or m.inquiry_id = $1) order by m.ordered_at, m.id`, db.OrNull(inquiry))
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, scanMeasure)
		return err
	})
	for _, m := range due {
		if one := r.carry(ctx, by, m); one != nil && !errors.Is(one, errDone) {
			err = errors.Join(err, fmt.Errorf("measure %s: %w", m.ID, one))
		}
	}
	return wrap("carry out decisions", err)
}

var errDone = errors.New("it was done meanwhile")

// carry is the act of one.
func (r *Register) carry(ctx context.Context, by journal.Actor, m Measure) error {
	first := &pgx.Batch{}
	m.lock(first)
	first.Queue(`select from inquiry where id = $1 for update`, m.Inquiry)
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if m.State == Ordered {
			m.StoodAt = tx.Now
			if err := tx.ExecOne(ctx, errDone, `update inquiry_measure set state = 'stands', stood_at = $2 where id = $1 and state = 'ordered'`, m.ID, tx.Now); err != nil {
				return journal.Event{}, err
			}
			return r.suspend(ctx, tx, m, m.under())
		}
		if err := tx.ExecOne(ctx, errDone, `update inquiry_measure set state = 'ended', ended_at = $2 where id = $1 and state = 'ending'`, m.ID, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return r.lift(ctx, tx, m, m.under())
	})
}
