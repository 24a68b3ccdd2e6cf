package report

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Open begins the account of a use by a login, in the act that releases the identity and whose entry is power.used: id is the login's, ref the case of the
// power, as the entry names it ("" for every case). It queues one statement, which travels with the commit.
func Open(tx *journal.Tx, id, citizen, mandate uuid.UUID, procedure, ref string) {
	tx.QueueOne(`insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, case_ref, way, used_at) values ($1, $2, $3, $4, $5, $6, $7, 'login', $8)`,
		id, tx.By.Organisation, citizen, mandate, tx.By.Person, procedure, ref, tx.Now)
}

// declared is the detail of the entry power.declared.
type declared struct {
	Use       string `json:"use"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Way       string `json:"way"`
}

// declare asks the rule in the statement that makes the row (docs/decisions/0006). A power for every case is not one for a case: it is the one that was named.
const declare = `insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, case_ref, way, used_at)
	select $1::uuid, p.organisation_id, p.citizen_id, p.mandate_id, $5::uuid, p.procedure, p.case_ref, $6::text, $2::timestamptz from mandate_power p
	where p.mandate_id = $3 and p.procedure = $4 and p.organisation_id = $7 and p.case_ref = $8 and ` + mandate.Stands + ` returning citizen_id`

// Declare begins the account of a use that passes by no login: by telephone, on paper, on a site without FranceConnect (Ways). ref is the case of the power
// (mandate.Power.Case), "" for one for every case. It is refused unless that very power of the mandate stands now. The citizen is told (Telling). Errors: ErrWay,
// mandate.ErrNoPower (also for another organisation's mandate), *draft.NotAllowedError (a procedure that the organisation does not do, or not by this
// aidant), org.ErrMayNot.
func (r *Register) Declare(ctx context.Context, by journal.Actor, id uuid.UUID, procedure, ref, way string) (uuid.UUID, error) {
	if !slices.Contains(Ways, way) {
		return uuid.Nil, ErrWay
	}
	use := token.ID()
	var o org.Organisation
	batch := &pgx.Batch{}
	mayAct := org.MayActFor(batch, by, &o)
	// An end of the mandate that is under way is seen, and one that comes later is later in the journal: it locks the same row.
	batch.Queue(`select from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 and m.organisation_id = $2 for share of c`, id, by.Organisation)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		if !o.Allows(procedure) {
			return journal.Event{}, &draft.NotAllowedError{Procedures: []string{procedure}}
		}
		var citizen uuid.UUID
		err := tx.QueryRow(ctx, declare, use, tx.Now, id, procedure, by.Person, way, by.Organisation, ref).Scan(&citizen)
		if errors.Is(err, pgx.ErrNoRows) {
			err = mandate.ErrNoPower
		}
		if err == nil {
			err = r.told(tx, use, citizen, id)
		}
		return journal.Event{Action: "power.declared", Citizen: citizen, Mandate: id, Detail: declared{use.String(), procedure, ref, way}}, err
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("declare a use: %w", err)
	}
	return use, nil
}

// told lets the citizen be told that their mandate was used, as of a use by a login. Whether they have an address and want to be told is the queue's question.
func (r *Register) told(tx *journal.Tx, use, citizen, mandate uuid.UUID) error {
	if r.tell == nil {
		return nil
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: "mandate_used", About: use.String(), Citizen: citizen, Mandate: mandate})
}
