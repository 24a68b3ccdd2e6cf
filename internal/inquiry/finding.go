package inquiry

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Finding is what was found, about an organisation and perhaps somebody or a mandate of it.
type Finding struct {
	ID, Inquiry                   uuid.UUID
	Round                         int
	Gravity                       string
	Organisation, Person, Mandate uuid.UUID // nil: about none
	Words                         string    // the ground; only where it was asked for, "" once forgotten
	State                         string
	MadeBy                        uuid.UUID
	MadeAt, DueAt                 time.Time // zero: nobody is asked
	Reply                         string    // as Words
	RepliedBy                     uuid.UUID
	RepliedAt                     time.Time
	Outcome                       string // of the decision, "" before
	DecidedAt                     time.Time
	Name                          string // of the inquiry, where it was asked for
}

// Waits reports whether the organisation may still reply.
func (f Finding) Waits(now time.Time) bool { return f.State == Asked && now.Before(f.DueAt) }

// Measures are what can be suspended for it.
func (f Finding) Measures() []string {
	var out []string
	if f.Gravity == None {
		return nil
	}
	if f.Mandate != uuid.Nil {
		out = append(out, OfMandate)
	}
	if f.Person != uuid.Nil {
		out = append(out, OfPersonThere, OfPerson)
	}
	return out
}

const findingColumns = `f.id, f.inquiry_id, f.round, f.gravity, coalesce(f.organisation_id, '00000000-0000-0000-0000-000000000000'), coalesce(f.person_id, '00000000-0000-0000-0000-000000000000'),
	coalesce(f.mandate_id, '00000000-0000-0000-0000-000000000000'), f.state, f.made_by, f.made_at, coalesce(f.due_at, '0001-01-01'), coalesce(f.replied_by, '00000000-0000-0000-0000-000000000000'),
	coalesce(f.replied_at, '0001-01-01'), coalesce(f.outcome, ''), coalesce(f.decided_at, '0001-01-01')`

func (f *Finding) fields() []any {
	return []any{&f.ID, &f.Inquiry, &f.Round, &f.Gravity, &f.Organisation, &f.Person, &f.Mandate, &f.State, &f.MadeBy, &f.MadeAt, &f.DueAt, &f.RepliedBy, &f.RepliedAt, &f.Outcome, &f.DecidedAt}
}

func scanFinding(row pgx.CollectableRow) (Finding, error) {
	var f Finding
	err := row.Scan(f.fields()...)
	return f, err
}

// ofOrganisation is SQL: whether the person $2 ever worked for the organisation $1, and the mandate $3 is of it, as far as these are named.
const ofOrganisation = `select exists (select from organisation where id = $1) and ($2::uuid is null or exists (select from membership where organisation_id = $1 and person_id = $2))
	and ($3::uuid is null or exists (select from mandate where organisation_id = $1 and id = $3))`

// Find makes a finding of f's Gravity, Organisation, Person, Mandate and Words. Unless nothing was found the organisation's referents are told, and may reply within ReplyTerm. It
// returns ErrGravity, ErrSubject, ErrWords, ErrSecret, ErrOver, db.ErrNotFound and org.ErrMayNot.
func (r *Register) Find(ctx context.Context, by journal.Actor, id uuid.UUID, f Finding) (uuid.UUID, error) {
	words, err := clean(f.Words)
	switch {
	case !slices.Contains(Gravities(), f.Gravity):
		err = ErrGravity
	case f.Organisation == uuid.Nil && (f.Gravity != None || f.Person != uuid.Nil || f.Mandate != uuid.Nil):
		err = ErrSubject
	}
	if err != nil {
		return uuid.Nil, wrap("make a finding", err)
	}
	f.ID, f.State = token.ID(), Made
	key, wrapped, err := r.keys.NewDataKey(f.ID)
	if err != nil {
		return uuid.Nil, wrap("make a finding", err)
	}
	sealed, digest := seal(key, f.ID, words)
	err = r.act(ctx, by, id, f.lock, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if h.over() {
			return journal.Event{}, ErrOver
		}
		if f.Organisation != uuid.Nil {
			var its bool
			if err := tx.QueryRow(ctx, ofOrganisation, f.Organisation, db.OrNull(f.Person), db.OrNull(f.Mandate)).Scan(&its); err != nil || !its {
				return journal.Event{}, errors.Join(err, unless(its, ErrSubject))
			}
		}
		d := h.detail()
		d.Finding, d.Gravity, d.Round, d.WordsSHA256 = f.ID.String(), f.Gravity, h.Round, hex.EncodeToString(digest[:])
		if f.Person != uuid.Nil {
			d.Person = f.Person.String()
		}
		var due *time.Time
		if f.Gravity != None {
			at := tx.Now.Add(ReplyTerm)
			f.State, due, d.DueAt = Asked, &at, journal.TimeText(at)
		}
		tx.Queue(`insert into inquiry_finding (id, inquiry_id, round, gravity, organisation_id, person_id, mandate_id, data_key, words, words_sha256, state, made_by, made_at, due_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, f.ID, id, h.Round, f.Gravity, db.OrNull(f.Organisation), db.OrNull(f.Person), db.OrNull(f.Mandate), wrapped, sealed, digest[:], f.State, by.Person, tx.Now, due)
		tx.Queue(`update inquiry set state = 'found' where id = $1 and state = 'open'`, id)
		event := journal.Event{Action: "inquiry.found", Organisation: f.Organisation, Mandate: f.Mandate, Detail: d}
		if f.Gravity == None {
			return event, nil
		}
		return event, r.tellReferents(ctx, tx, "finding_made", f.Organisation, f.ID)
	})
	return f.ID, wrap("make a finding", err)
}

// lock queues the lock of whose mandate it is about: an erasure under way is waited for, and one that comes later finds the finding.
func (f Finding) lock(b *pgx.Batch) {
	b.Queue(`select from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 for share of c`, db.OrNull(f.Mandate))
}

// tellReferents queues a message to the referents of an organisation, about a finding.
func (r *Register) tellReferents(ctx context.Context, tx *journal.Tx, kind string, organisation, finding uuid.UUID) error {
	rows, err := tx.Query(ctx, `select m.person_id from membership m join person a on a.id = m.person_id where m.organisation_id = $1 and `+org.Leads+` order by m.person_id`, organisation)
	if err != nil {
		return err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	for _, p := range people {
		err = errors.Join(err, r.tell(tx.Tx, tx.Now, org.Message{Kind: kind, About: organisation.String() + " " + p.String() + " " + finding.String(), Person: p}))
	}
	return err
}
