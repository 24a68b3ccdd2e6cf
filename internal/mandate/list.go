package mandate

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Summary is one line of an organisation's list.
type Summary struct {
	ID               uuid.UUID
	Citizen          citizen.Citizen
	State            string
	SignedAt, EndsAt time.Time
	EndedAt          *time.Time
	EndReason        string
	Procedures       int // how many powers it gave
}

// StandsAt reports whether the mandate gives anything at t.
func (s Summary) StandsAt(t time.Time) bool { return s.State == Standing && t.Before(s.EndsAt) }

// List lists the mandates of the actor's organisation signed before a time, newest first, at most limit of them. The zero
// time is now; what lies before another time is turned to, and that is recorded. Lists and searches are for who may read here (org.Reads);
// others get org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor, before time.Time, limit int) ([]Summary, error) {
	const condition = `m.signed_at < $2 order by m.signed_at desc limit $3`
	if before.IsZero() {
		return r.list(ctx, by, condition, r.clock.Now().Add(time.Minute), limit)
	}
	return r.record(ctx, by, "", condition, before, limit)
}

// Search lists the mandates in force of those whom Citizens finds in the actor's organisation, newest first; full says that there may be
// more people of that name. Errors: those of Citizens.
func (r *Register) Search(ctx context.Context, by journal.Actor, query string) (found []Summary, full bool, err error) {
	citizens, err := r.Citizens(ctx, by, query, uuid.Nil)
	if err != nil || len(citizens) == 0 {
		return nil, false, err
	}
	ids := make([]uuid.UUID, len(citizens))
	for i, c := range citizens {
		ids[i] = c.ID
	}
	found, err = r.list(ctx, by, `m.citizen_id = any($2) and m.state = 'standing' and m.ends_at > $3 order by m.signed_at desc`, ids, r.clock.Now())
	return found, len(citizens) == citizen.MaxResults, err
}

// list reads the mandates of an organisation that fit a condition of ours, for who may read them; its values are numbered from 2.
func (r *Register) list(ctx context.Context, by journal.Actor, condition string, values ...any) ([]Summary, error) {
	batch := &pgx.Batch{}
	out := r.queue(batch, by, condition, values...)
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, fmt.Errorf("list mandates: %w", err)
	}
	return *out, nil
}

// queue queues the question of list.
func (r *Register) queue(batch *pgx.Batch, by journal.Actor, condition string, values ...any) *[]Summary {
	out := &[]Summary{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select c.id, c.data_key, c.identity, c.identified_at, m.id, m.state, m.signed_at, m.ends_at, m.ended_at, coalesce(m.end_reason, ''),
		(select count(*) from mandate_power p where p.mandate_id = m.id) from mandate m join citizen c on c.id = m.citizen_id
		where m.organisation_id = $1 and `+condition, append([]any{by.Organisation}, values...)...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		err := mayRead()
		if err != nil {
			return err
		}
		*out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Summary, error) {
			var s Summary
			var c citizen.Sealed
			err := row.Scan(append(c.Fields(), &s.ID, &s.State, &s.SignedAt, &s.EndsAt, &s.EndedAt, &s.EndReason, &s.Procedures)...)
			if err == nil {
				s.Citizen, err = r.citizens.Open(c)
			}
			return s, err
		})
		return err
	})
	return out
}
