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

// untold finds, at most $4 of them, the mandates of an organisation ($1) of more than a month that end soon ($2, $3) and of which nobody was told, with its follower.
// Of a mandate whose follower may not read there (any more) nobody is told until it is handed over, and who was told of others today is told of it tomorrow.
const untold = `with recursive due as (select m.id, m.person_id, m.signed_at from mandate m where m.organisation_id = $1 and m.state = 'standing' and ` + lasting + ` > $2 and ` + lasting + ` <= $3
		and (m.ends_at at time zone 'Europe/Paris')::date - (coalesce(m.starts_at, m.signed_at) at time zone 'Europe/Paris')::date > 31
		and not exists (select from mandate_end_told t where t.mandate_id = m.id)),
	` + follower + `
	select f.id, f.person_id from follower f join membership m on m.organisation_id = $1 and m.person_id = f.person_id join person a on a.id = m.person_id
		join organisation o on o.id = m.organisation_id where ` + org.Reads + ` and not exists (select from mandate_end_told t
			where t.organisation_id = $1 and t.person_id = f.person_id and t.told_at <> $2 and (t.told_at at time zone 'Europe/Paris')::date = ($2::timestamptz at time zone 'Europe/Paris')::date)
		order by f.person_id, f.id limit $4`

// follower is SQL: of mandates that are due (id, person_id, signed_at) in an organisation ($1), who follows each up: who signed it, or to whom it was handed over, from
// one to the next as the handovers followed each other.
const follower = `step as (select id, person_id, signed_at since, 0 n from due
		union all select s.id, h.to_person, h.at, s.n + 1 from step s join mandate_handover h on h.organisation_id = $1 and h.from_person = s.person_id and h.at > s.since),
	follower as (select distinct on (id) id, person_id from step order by id, n desc)`

// endsAtOnce is how many mandates are noted as told in one transaction.
const endsAtOnce = 500

// TellOfEnds lets those be told, by tell in the same transaction, who follow up mandates of more than a month that end within Soon: of each mandate once for ever, and
// all at once of each organisation's. It is for a job that comes round daily.
func (r *Register) TellOfEnds(ctx context.Context, tell func(tx *db.Tx, now time.Time, m org.Message) error) error {
	organisations, err := r.organisations(ctx)
	now := r.clock.Now()
	for _, o := range organisations {
		for found := endsAtOnce; err == nil && found == endsAtOnce; {
			found, err = r.tellOfEnds(ctx, o, now, tell)
		}
	}
	if err != nil {
		return fmt.Errorf("tell of mandates that end: %w", err)
	}
	return nil
}

func (r *Register) tellOfEnds(ctx context.Context, organisation uuid.UUID, now time.Time, tell func(*db.Tx, time.Time, org.Message) error) (int, error) {
	all := 0
	err := r.db.Write(ctx, db.InOrganisation(organisation), db.Durable, func(tx *db.Tx) error {
		// Two servers that begin the same day's job at once: the second finds nothing left.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, "ends "+organisation.String()); err != nil {
			return err
		}
		of := map[uuid.UUID]bool{}
		rows, err := tx.Query(ctx, untold, organisation, now, now.Add(Soon), endsAtOnce)
		if err != nil {
			return err
		}
		var id, person uuid.UUID
		_, err = pgx.ForEachRow(rows, []any{&id, &person}, func() error {
			all++
			of[person] = true
			tx.QueueOne(`insert into mandate_end_told (mandate_id, organisation_id, person_id, told_at) values ($1, $2, $3, $4)`, id, organisation, person, now)
			return nil
		})
		for p := range of {
			if err == nil {
				err = tell(tx, now, org.Message{Kind: "end_soon", Person: p, About: organisation.String() + " " + p.String() + " " + now.In(prose.Paris).Format(time.DateOnly)})
			}
		}
		return err
	})
	return all, err
}

// Desk is what the actor has before them without a name: whether their organisation has mandates at all, and how many in force they follow up that end
// within Soon.
type Desk struct {
	Any    bool
	Ending int
}

// Desk is for who may read there (org.Reads); others get org.ErrMayNot.
func (r *Register) Desk(ctx context.Context, by journal.Actor) (Desk, error) {
	var d Desk
	now := r.clock.Now()
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(owners+` select exists (select from mandate where organisation_id = $1), (select count(*) from mandate m where m.organisation_id = $1 and m.state = 'standing'
		and `+lasting+` > $3 and `+lasting+` <= $4 and m.person_id in (select person from owner))`, by.Organisation, by.Person, now, now.Add(Soon)).QueryRow(func(row pgx.Row) error {
		if err := mayRead(); err != nil {
			return err
		}
		return row.Scan(&d.Any, &d.Ending)
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return Desk{}, fmt.Errorf("count mandates that end soon: %w", err)
	}
	return d, nil
}
