package decision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const (
	// Shown is how long an aidant is shown what was refused to them.
	Shown = 30 * 24 * time.Hour
	// MostShown is how many refusals are shown, the latest.
	MostShown = 100
)

// Refusal is something that was refused to an aidant: an answer to a service, or a login.
type Refusal struct {
	At        time.Time
	Client    string // id of the service
	Name      string // of the service, "" when it is not registered any more
	Login     bool   // a login was refused, and not a service's question answered
	Step      string // of the login
	Reason    string // see docs/journal.md; of a login those of power.refused
	Procedure string // key of the catalogue, "" for none
	Mandate   uuid.UUID
	Citizen   citizen.Citizen
	Named     bool // Citizen says who it is: one was chosen, and may be read of
}

// listed is the detail of an entry decision.listed.
type listed struct {
	Refusals int `json:"refusals"`
}

// Both sources are read by the index of the person's refusals.
const (
	findRefusals = `
select * from (select d.answered_at, d.client, false, '', d.reason, d.procedure, d.mandate_id, d.citizen_id from decision_answer d
    where d.organisation_id = $1 and d.person_id = $2 and d.reason <> '' and d.answered_at > $3
  union all select e.at, coalesce(e.body::jsonb #>> '{detail,client}', ''), true, coalesce(e.body::jsonb #>> '{detail,step}', ''), coalesce(e.body::jsonb #>> '{detail,reason}', ''),
    coalesce(e.body::jsonb #>> '{detail,procedure}', ''), coalesce(e.mandate_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.citizen_id, '00000000-0000-0000-0000-000000000000')
  from journal_entry e where e.action = 'power.refused' and e.person_id = $2 and e.organisation_id = $1 and e.at > $3) r
order by 1 desc limit $4`
	findCitizens = `select id, data_key, identity, identified_at from citizen where organisation_id = $1 and id = any($2)`
)

var errNobody = errors.New("there is nothing to show, or nobody to name")

// Refusals lists what was refused to an aidant in their organisation lately, the latest first, with the citizens that it was about if the
// aidant may read of them (org.Reads). That they were shown is an act: no entry, no names.
func (p *Point) Refusals(ctx context.Context, by journal.Actor) ([]Refusal, error) {
	var out []Refusal
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(findRefusals, by.Organisation, by.Person, p.Clock.Now().Add(-Shown), MostShown).Query(func(rows pgx.Rows) error {
		var err error
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Refusal, error) {
			var r Refusal
			err := row.Scan(&r.At, &r.Client, &r.Login, &r.Step, &r.Reason, &r.Procedure, &r.Mandate, &r.Citizen.ID)
			return r, err
		})
		return err
	})
	err := p.Journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayRead(); err != nil {
			return journal.Event{}, err
		}
		named, err := p.name(ctx, tx, by, out)
		if err == nil && named == 0 {
			err = errNobody
		}
		return journal.Event{Action: "decision.listed", Detail: listed{named}}, err
	})
	if err != nil && !errors.Is(err, org.ErrMayNot) && !errors.Is(err, errNobody) {
		return nil, fmt.Errorf("list refusals: %w", err)
	}
	for i := range out {
		if known, err := p.Clients.Find(ctx, out[i].Client); err == nil {
			out[i].Name = known.Name
		}
	}
	return out, nil
}

// name fills in the citizens that refusals are about, and returns of how many it did.
func (p *Point) name(ctx context.Context, tx *journal.Tx, by journal.Actor, refusals []Refusal) (named int, err error) {
	var ids []uuid.UUID
	for _, r := range refusals {
		ids = append(ids, r.Citizen.ID)
	}
	rows, err := tx.Query(ctx, findCitizens, by.Organisation, ids)
	if err != nil {
		return 0, err
	}
	known := map[uuid.UUID]citizen.Citizen{}
	var c citizen.Sealed
	if _, err := pgx.ForEachRow(rows, c.Fields(), func() error {
		opened, err := p.Citizens.Open(c)
		known[c.ID] = opened
		return err
	}); err != nil {
		return 0, err
	}
	for i, r := range refusals {
		if who, ok := known[r.Citizen.ID]; ok {
			refusals[i].Citizen, refusals[i].Named = who, true
			named++
		}
	}
	return named, nil
}
