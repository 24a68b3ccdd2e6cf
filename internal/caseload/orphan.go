package caseload

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// Orphaned is how many mandates somebody followed up who is no more an aidant there, or was told never to read of citizens again; whose
// they are is not said.
type Orphaned struct {
	Person   uuid.UUID
	Mandates int       // that stand or will
	FirstEnd time.Time // of these
}

// orphans counts the mandates of an organisation ($1), of all ($3 is null) or of one, of which nobody who can be responsible (org.Follows) is the follower, by who was.
const orphans = `with recursive due as (select m.id, m.person_id, m.signed_at, ` + lasting + ` lasts from mandate m where m.organisation_id = $1 and m.state <> 'ended' and ` + lasting + ` > $2
		and ($3::uuid is null or m.id = $3)),
	` + follower + `
	select f.person_id, count(*), min(d.lasts) from follower f join due d on d.id = f.id
	where not exists (select from membership m join person a on a.id = m.person_id where m.organisation_id = $1 and m.person_id = f.person_id and ` + org.Follows + `)
	group by f.person_id order by min(d.lasts), f.person_id`

// CountForsaken is SQL: how many mandates of an organisation ($1) nobody follows up at $2; $3 is null.
const CountForsaken = `select coalesce(sum(o.mandates), 0)::int from (` + orphans + `) o (person, mandates, first_end)`

// leads asks whether a person ($2) is a referent of an organisation ($1).
const leads = `select exists (select from membership m join person a on a.id = m.person_id where m.organisation_id = $1 and m.person_id = $2 and ` + org.Leads + `)`

func (r *Register) orphans(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, one *uuid.UUID) ([]Orphaned, error) {
	rows, err := tx.Query(ctx, orphans, organisation, r.clock.Now(), one)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Orphaned])
}

// Orphans lists who followed up mandates of the actor's organisation that nobody does any more, those that end first before the others. The actor is a
// referent there: org.ErrMayNot.
func (r *Register) Orphans(ctx context.Context, by journal.Actor) ([]Orphaned, error) {
	var out []Orphaned
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		var yes bool
		if err := tx.QueryRow(ctx, leads, by.Organisation, by.Person).Scan(&yes); err != nil {
			return err
		}
		if !yes {
			return org.ErrMayNot
		}
		var err error
		out, err = r.orphans(ctx, tx, by.Organisation, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find mandates that nobody follows up: %w", err)
	}
	return out, nil
}

// Forsaken tells whether nobody follows up a mandate of the actor's organisation that has not ended.
func (r *Register) Forsaken(ctx context.Context, by journal.Actor, id uuid.UUID) (bool, error) {
	var found []Orphaned
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		var err error
		found, err = r.orphans(ctx, tx, by.Organisation, &id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("find who follows up mandate %s: %w", id, err)
	}
	return len(found) > 0, nil
}

// tellFrom is from when on referents are told, o'clock in Paris: nobody is woken.
const tellFrom = 8

// TellOfOrphans lists what referents are to be told now: that their organisation has mandates that nobody follows up, once on a day in Paris, by the name of the
// message, until somebody does.
func (r *Register) TellOfOrphans(ctx context.Context) ([]org.Message, error) {
	today := r.clock.Now().In(prose.Paris)
	if today.Hour() < tellFrom {
		return nil, nil
	}
	organisations, err := r.organisations(ctx)
	var out []org.Message
	for _, o := range organisations {
		if err != nil {
			break
		}
		err = r.db.Read(ctx, db.InOrganisation(o), func(tx pgx.Tx) error {
			found, err := r.orphans(ctx, tx, o, nil)
			if err != nil || len(found) == 0 {
				return err
			}
			rows, err := tx.Query(ctx, `select m.person_id from membership m join person a on a.id = m.person_id where m.organisation_id = $1 and `+org.Leads+` order by m.person_id`, o)
			if err != nil {
				return err
			}
			var person uuid.UUID
			_, err = pgx.ForEachRow(rows, []any{&person}, func() error {
				out = append(out, org.Message{Kind: "orphans", Person: person, About: o.String() + " " + person.String() + " " + today.Format(time.DateOnly)})
				return nil
			})
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("find mandates that nobody follows up: %w", err)
	}
	return out, nil
}

// organisations lists those that are active.
func (r *Register) organisations(ctx context.Context) ([]uuid.UUID, error) {
	var out []uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from organisation where active order by id`)
		if err == nil {
			out, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		return err
	})
	return out, err
}
