package mandate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
)

// Death and protection are the person's, not one mandate's. Who records either ends one mandate, and the program each other one that the same citizen gave the same
// organisation, in an act of its own: at once, and by a job of the first act's transaction when that was broken off. Other organisations' mandates are theirs.

// OthersJob is the name of the job that ends a citizen's other mandates; the id is that of the one that a person ended.
const OthersJob = "end_others"

// othersOf are the other mandates o of the citizen and the organisation of a mandate m that have not ended. One that was signed after m had ended was signed
// by who was identified since.
const othersOf = `mandate m join mandate o on o.citizen_id = m.citizen_id and o.organisation_id = m.organisation_id and o.id <> m.id and o.state <> 'ended' and o.signed_at <= coalesce(m.ended_at, 'infinity')`

// Others counts the mandates that end with one of an organisation's when it ends for a reason of WholeReasons.
func (r *Register) Others(ctx context.Context, by journal.Actor, id uuid.UUID) (int, error) {
	var n int
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select count(*) from `+othersOf+` where m.id = $1 and m.organisation_id = $2 and least(o.ends_at, o.lasts_until) > $3`, id, by.Organisation, r.clock.Now()).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count what ends with mandate %s: %w", id, err)
	}
	return n, nil
}

// askForOthers asks for the job, if there is anything for it to do.
func askForOthers(tx *journal.Tx, id uuid.UUID, reason string) {
	if slices.Contains(WholeReasons, reason) {
		jobs.EnqueueIf(tx.Tx, OthersJob, id, `exists (select from `+othersOf+` where m.id = $2::uuid)`)
	}
}

// EndsOfOthers is the job that ends a citizen's other mandates, for jobs.Start.
func (r *Register) EndsOfOthers() jobs.Kind {
	return jobs.Kind{Name: OthersJob, Timeout: time.Minute, Work: func(ctx context.Context, id uuid.UUID, _ bool) error { return r.EndOthers(ctx, id) }}
}

// EndOthers ends what is left of a citizen's mandates after one ended for a reason of WholeReasons, each for that reason and by the program. After one that cannot be ended it goes on
// with the others. Of any other mandate it does nothing.
func (r *Register) EndOthers(ctx context.Context, id uuid.UUID) error {
	var others []uuid.UUID
	var organisation uuid.UUID
	var reason string
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select o.id, m.organisation_id, m.end_reason from `+othersOf+` where m.id = $1 and m.end_reason = any ($2) order by o.id`, id, WholeReasons)
		if err != nil {
			return err
		}
		var one uuid.UUID
		_, err = pgx.ForEachRow(rows, []any{&one, &organisation, &reason}, func() error {
			others = append(others, one)
			return nil
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("find what ends with mandate %s: %w", id, err)
	}
	var failed error
	for _, other := range others {
		if err := r.endByProgram(ctx, organisation, other, ended{Reason: reason, With: id.String()}); err != nil {
			failed = errors.Join(failed, fmt.Errorf("end mandate %s with %s: %w", other, id, err))
		}
	}
	return failed
}

var errOver = errors.New("it has ended already")

// endByProgram ends a mandate in an act of the program's. One that is over it leaves as it is.
func (r *Register) endByProgram(ctx context.Context, organisation, id uuid.UUID, detail ended) error {
	b := &pgx.Batch{}
	m := lock(b, organisation, id)
	err := r.journal.RecordAfter(ctx, journal.Program(), b, func(tx *journal.Tx) (journal.Event, error) {
		if m.State == "" || m.State == Ended || !tx.Now.Before(m.Until()) {
			return journal.Event{}, errOver
		}
		return r.end(tx, m, detail)
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}
