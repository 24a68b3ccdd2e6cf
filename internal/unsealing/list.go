package unsealing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const columns = `u.id, u.person_id, u.citizen_id, u.organisation_id, u.reason, u.state, u.asked_by, u.asked_at, u.expires_at, u.decided_by, u.decided_at, u.until, u.ended_at, u.looks, u.looked_at`

// scanned is a row of columns.
type scanned struct {
	Unsealing
	person, citizen, organisation, decidedBy *uuid.UUID
	decidedAt, until, endedAt, lookedAt      *time.Time
}

func (s *scanned) fields() []any {
	return []any{&s.ID, &s.person, &s.citizen, &s.organisation, &s.Reason, &s.State, &s.AskedBy, &s.AskedAt, &s.ExpiresAt, &s.decidedBy, &s.decidedAt, &s.until, &s.endedAt, &s.Looks, &s.lookedAt}
}

func (s *scanned) unsealing() Unsealing {
	u := s.Unsealing
	u.Person, u.Citizen, u.Organisation, u.DecidedBy = db.OrZero(s.person), db.OrZero(s.citizen), db.OrZero(s.organisation), db.OrZero(s.decidedBy)
	u.DecidedAt, u.Until, u.EndedAt, u.LookedAt = db.OrZero(s.decidedAt), db.OrZero(s.until), db.OrZero(s.endedAt), db.OrZero(s.lookedAt)
	return u
}

func scan(row pgx.CollectableRow) (Unsealing, error) {
	var s scanned
	err := row.Scan(s.fields()...)
	return s.unsealing(), err
}

// most is how many are listed.
const most = 200

// List lists the newest, to an auditor: everybody's, without the words of their reasons. It returns org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor) ([]Unsealing, error) {
	var out []Unsealing
	err := r.reading(ctx, by, func(b *pgx.Batch) {
		b.Queue(`select `+columns+` from unsealing u order by u.asked_at desc, u.id limit $1`, most).Query(func(rows pgx.Rows) error {
			var err error
			out, err = pgx.CollectRows(rows, scan)
			return err
		})
	})
	if err != nil {
		return nil, wrap("list unsealings", err)
	}
	for i := range out {
		out[i].settle(r.clock.Now())
	}
	return out, nil
}

// Find returns one, with the words of its reason, to an auditor. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) Find(ctx context.Context, by journal.Actor, id uuid.UUID) (Unsealing, error) {
	var s scanned
	var wrapped, sealed []byte
	found := false
	err := r.reading(ctx, by, func(b *pgx.Batch) {
		b.Queue(`select `+columns+`, u.data_key, u.words from unsealing u where id = $1`, id).Query(func(rows pgx.Rows) error {
			defer rows.Close()
			if found = rows.Next(); found {
				return rows.Scan(append(s.fields(), &wrapped, &sealed)...)
			}
			return rows.Err()
		})
	})
	if err == nil && !found {
		err = db.ErrNotFound
	}
	if err != nil {
		return Unsealing{}, wrap("find an unsealing", err)
	}
	u := s.unsealing()
	u.settle(r.clock.Now())
	if sealed != nil {
		words, err := r.keys.Unseal(u.ID, purpose, wrapped, sealed)
		if err != nil {
			return Unsealing{}, wrap("find an unsealing", err)
		}
		u.Words = string(words)
	}
	return u, nil
}

// reading asks questions of an auditor, who has to be one now.
func (r *Register) reading(ctx context.Context, by journal.Actor, ask func(*pgx.Batch)) error {
	batch := &pgx.Batch{}
	may := org.MayAuditRead(batch, by)
	ask(batch)
	if err := r.db.Ask(ctx, db.System(), batch); err != nil {
		return err
	}
	return may()
}

// OfCitizen lists those about a citizen that were granted, the oldest first: what the citizen is told. q is in the scope of their organisation.
func OfCitizen(ctx context.Context, q citizen.Querier, citizen uuid.UUID) ([]Unsealing, error) {
	rows, err := q.Query(ctx, `select `+columns+` from unsealing u where u.citizen_id = $1 and u.decided_at is not null and u.state <> 'refused' order by u.decided_at, u.id`, citizen)
	if err != nil {
		return nil, wrap("list a citizen's unsealings", err)
	}
	out, err := pgx.CollectRows(rows, scan)
	return out, wrap("list a citizen's unsealings", err)
}
