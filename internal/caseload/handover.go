package caseload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// ErrColleague says that mandates cannot be handed to this person: not somebody else, or not an aidant there who may read whose they are.
var ErrColleague = errors.New("mandates are handed over to another aidant of the organisation who may read them")

// Left is what somebody would leave behind in an organisation: how much and until when, never whose.
type Left struct {
	Mandates          int       // that stand or will
	Drafts            int       // that can still be signed
	FirstEnd, LastEnd time.Time // when the first and the last of the mandates end; zero without mandates
	FollowedUpBy      uuid.UUID // the colleague to whom they were handed over already, nil for nobody
	FollowedUpSince   time.Time
}

// Handed is what went to a colleague.
type Handed struct{ Mandates, Drafts int }

// handedOver is the detail of the entry.
type handedOver struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Mandates int    `json:"mandates"`
	Drafts   int    `json:"drafts"`
}

// owners is whose mandates a person ($2) follows up in an organisation ($1): their own, and those of whoever handed theirs over
// to them, or to somebody who handed theirs over.
const owners = `with recursive owner (person) as (select $2::uuid union
	select h.from_person from mandate_handover h join owner o on h.to_person = o.person where h.organisation_id = $1)`

const (
	leftMandates = owners + ` select count(*), min(` + lasting + `), max(` + lasting + `) from mandate m where m.organisation_id = $1 and m.state <> 'ended' and ` + lasting + ` > $3
		and m.person_id in (select person from owner)`
)

// LeftBy tells what a person would leave in the actor's organisation, nothing for who was never there.
func (r *Register) LeftBy(ctx context.Context, by journal.Actor, person uuid.UUID) (Left, error) {
	var l Left
	var first, last, since *time.Time
	var to *uuid.UUID
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		now := r.clock.Now()
		err := tx.QueryRow(ctx, leftMandates, by.Organisation, person, now).Scan(&l.Mandates, &first, &last)
		if err == nil {
			l.Drafts, err = draft.Count(ctx, tx, by.Organisation, person, now)
		}
		if err == nil {
			err = tx.QueryRow(ctx, `select to_person, at from mandate_handover where organisation_id = $1 and from_person = $2`, by.Organisation, person).Scan(&to, &since)
			if errors.Is(err, pgx.ErrNoRows) {
				err = nil
			}
		}
		return err
	})
	if err != nil {
		return Left{}, fmt.Errorf("count what somebody leaves: %w", err)
	}
	if first != nil {
		l.FirstEnd, l.LastEnd = *first, *last
	}
	if to != nil {
		l.FollowedUpBy, l.FollowedUpSince = *to, *since
	}
	return l, nil
}

// HandOver gives what a person has under way in the actor's organisation to a colleague: their open drafts become the
// colleague's, without the identities in them, which were told to the first one; of the mandates, which are the
// organisation's, the colleague's list says from then on that they are theirs to follow up. Nobody's right to act changes.
//
// The actor is a referent there (org.ErrMayNot) with a fresh second factor (org.ErrFactorTooOld). Errors: db.ErrNotFound for who never was an aidant there, ErrColleague for
// a colleague who is the same person, or not an aidant there who may read whose the mandates are (org.Reads).
func (r *Register) HandOver(ctx context.Context, by journal.Actor, from, to uuid.UUID) (Handed, error) {
	var h Handed
	batch := &pgx.Batch{}
	mayRun := org.MayRun(batch, by)
	was := there(batch, `select from membership where organisation_id = $1 and person_id = $2 and role = 'aidant' for share`, by.Organisation, from)
	may := there(batch, `select from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
		where m.organisation_id = $1 and m.person_id = $2 and `+org.Reads+` for share of m, a`, by.Organisation, to)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		switch err := mayRun(); {
		case err != nil:
			return journal.Event{}, err
		case org.Fresh(by, tx.Now) != nil:
			return journal.Event{}, org.ErrFactorTooOld
		case !*was:
			return journal.Event{}, db.ErrNotFound
		case from == to || !*may:
			return journal.Event{}, ErrColleague
		}
		if err := tx.QueryRow(ctx, leftMandates, by.Organisation, from, tx.Now).Scan(&h.Mandates, nil, nil); err != nil {
			return journal.Event{}, err
		}
		var err error
		if h.Drafts, err = draft.HandOver(ctx, tx, by.Organisation, from, to); err != nil {
			return journal.Event{}, err
		}
		tx.QueueOne(`insert into mandate_handover (organisation_id, from_person, to_person, at) values ($1, $2, $3, $4)
			on conflict (organisation_id, from_person) do update set to_person = excluded.to_person, at = excluded.at`, by.Organisation, from, to, tx.Now)
		return journal.Event{Action: "mandate.handed_over", Detail: handedOver{from.String(), to.String(), h.Mandates, h.Drafts}}, nil
	})
	if err != nil {
		return Handed{}, fmt.Errorf("hand over mandates: %w", err)
	}
	return h, nil
}

// there queues the question whether a query finds a row.
func there(b *pgx.Batch, sql string, args ...any) *bool {
	yes := new(bool)
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		*yes = rows.Next()
		return rows.Err()
	})
	return yes
}

// FollowedUp lists the mandates in force, or for later, that colleagues have handed over to the actor, those that end first before the
// others, at most limit.
func (r *Register) FollowedUp(ctx context.Context, by journal.Actor, limit int) ([]Summary, error) {
	return r.list(ctx, by, `m.state <> 'ended' and `+lasting+` > $3 and m.person_id <> $2 and m.person_id in (`+owners+` select person from owner) order by `+lasting+` limit $4`,
		by.Person, r.clock.Now(), limit)
}

// Whose lists the mandates in force, or for later, that a person follows up in the actor's organisation, at most limit, if the actor is an aidant
// there who may act (org.Acts), and records that it did; to anybody else it tells nothing.
func (r *Register) Whose(ctx context.Context, by journal.Actor, person uuid.UUID, limit int) ([]Summary, error) {
	aidant := by
	aidant.Kind = journal.Aidant
	whose, err := r.record(ctx, aidant, person.String(), `m.state <> 'ended' and `+lasting+` > $3 and m.person_id in (`+owners+` select person from owner)
		and exists (select from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
			where m.organisation_id = $1 and m.person_id = $4 and `+org.Acts+`$3) order by `+lasting+` limit $5`, person, r.clock.Now(), by.Person, limit)
	if errors.Is(err, org.ErrMayNot) {
		return nil, nil
	}
	return whose, err
}
