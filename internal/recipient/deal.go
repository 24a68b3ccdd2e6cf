package recipient

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Queue lists signals to an auditor, those that wait before those that are closed, the oldest of the first and the newest of the others first. It returns org.ErrMayNot.
func (r *Register) Queue(ctx context.Context, by journal.Actor) ([]Signal, error) {
	return r.forAuditor(ctx, by, `order by s.state = 'closed', case when s.state <> 'closed' then s.raised_at end, s.closed_at desc, s.id limit $1`, listed)
}

// Signal returns one to an auditor. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) Signal(ctx context.Context, by journal.Actor, id uuid.UUID) (Signal, error) {
	all, err := r.forAuditor(ctx, by, `where s.id = $1`, id)
	if err != nil {
		return Signal{}, err
	}
	if len(all) == 0 {
		return Signal{}, db.ErrNotFound
	}
	return all[0], nil
}

func (r *Register) forAuditor(ctx context.Context, by journal.Actor, which string, args ...any) ([]Signal, error) {
	var out []Signal
	b := &pgx.Batch{}
	may := org.MayAuditRead(b, by)
	collect(b, &out, scanSignal, `select `+signalColumns+` from recipient_signal s `+which, args...)
	err := r.db.Ask(ctx, db.System(), b)
	if err == nil {
		err = may()
	}
	if err == nil {
		err = r.open(out)
	}
	if err != nil {
		return nil, wrap("list signals for an auditor", err)
	}
	return out, nil
}

// Take takes a signal into a case (package inquiry) that is not closed, for ever. It returns db.ErrNotFound for a signal or a case that is not there, db.ErrConflict when the signal is in a case
// or closed, or the case is closed, org.ErrMayNot.
func (r *Register) Take(ctx context.Context, by journal.Actor, id, into uuid.UUID) error {
	return wrap("take a signal into a case", r.act(ctx, by, id, func(tx *journal.Tx) (journal.Event, error) {
		var stands bool
		if err := tx.QueryRow(ctx, `select state <> 'closed' from inquiry where id = $1 for share`, into).Scan(&stands); err != nil {
			return journal.Event{}, db.Found("find a case", err)
		}
		if !stands {
			return journal.Event{}, db.ErrConflict
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update recipient_signal set state = 'in_case', case_id = $2, taken_by = $3, taken_at = $4 where id = $1 and state = 'raised'`, id, into, by.Person, tx.Now)
		return journal.Event{Action: "signal.taken", Detail: signalled{Signal: id.String(), Case: into.String()}}, err
	}))
}

// Close closes a signal, be it in a case or not, with what became of it, which the fraud team sees. It returns ErrWords for no outcome, db.ErrNotFound, db.ErrConflict when it is closed, org.ErrMayNot.
func (r *Register) Close(ctx context.Context, by journal.Actor, id uuid.UUID, outcome string) error {
	if !slices.Contains(Outcomes(), outcome) {
		return ErrWords
	}
	return wrap("close a signal", r.act(ctx, by, id, func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update recipient_signal set state = 'closed', outcome = $2, closed_by = $3, closed_at = $4 where id = $1 and state <> 'closed'`, id, outcome, by.Person, tx.Now)
		return journal.Event{Action: "signal.closed", Detail: signalled{Signal: id.String(), Outcome: outcome}}, err
	}))
}

// act is an act of an auditor on a signal, which it locks.
func (r *Register) act(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx) (journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	there := false
	first.Queue(`select from recipient_signal where id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		there = rows.Next()
		rows.Close()
		return rows.Err()
	})
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if !there {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx)
	})
}
