package mandate

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Reasons are why a person may end a mandate (Code civil 2003, and a signature by mistake). The program itself ends them
// as superseded, expired or transferred, and for WholeReasons those that a person's end of another one led to.
var Reasons = []string{"citizen", "organisation", "completed", "mistake", "death", "protection"}

// WholeReasons are those that concern the citizen and not one mandate: they end every mandate that the citizen gave the organisation (others.go).
var WholeReasons = []string{"death", "protection"}

type ended struct {
	Reason     string   `json:"reason"`
	Procedures []string `json:"procedures"`     // the powers that had not ended
	With       string   `json:"with,omitempty"` // the mandate whose end for a reason of WholeReasons ended this one too
}

// powerEnded is the detail of the entry of one power that ended.
type powerEnded struct {
	Reason    string `json:"reason"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
}

// End ends a mandate of the actor's organisation and all its powers, at once; one that is still to begin never does. It returns ErrEnded when it has ended (the
// time of all its powers being over included), ErrReason for a reason that is not among Reasons, ErrFactorTooOld when the actor gave their second factor more than
// org.FactorLife ago, org.ErrMayNot, db.ErrNotFound for another organisation's. Whose certificate is over may end all the same
// (org.Reads): it protects the citizen. For a reason of WholeReasons it ends the citizen's other mandates of the organisation too.
func (r *Register) End(ctx context.Context, by journal.Actor, id uuid.UUID, reason string) error {
	if !slices.Contains(Reasons, reason) {
		return ErrReason
	}
	err := r.onMandate(ctx, by, id, func(tx *journal.Tx, m *Mandate) (journal.Event, error) {
		askForOthers(tx, id, reason)
		return r.end(tx, m, ended{Reason: reason})
	})
	if err != nil {
		return fmt.Errorf("end mandate %s: %w", id, err)
	}
	if slices.Contains(WholeReasons, reason) {
		_ = r.EndOthers(ctx, id) // this one has ended, and what was not done here the job does
	}
	return nil
}

// EndPower ends one power of a mandate of the actor's organisation, at once, and the mandate when it was the last. Errors: those of End, ErrReason also for a
// reason of WholeReasons, ErrEnded when this power has ended or was never given.
func (r *Register) EndPower(ctx context.Context, by journal.Actor, id uuid.UUID, procedure, caseRef, reason string) error {
	if !slices.Contains(Reasons, reason) || slices.Contains(WholeReasons, reason) {
		return ErrReason
	}
	err := r.onMandate(ctx, by, id, func(tx *journal.Tx, m *Mandate) (journal.Event, error) {
		here := func(p Power) bool { return p.Procedure == procedure && p.Case == caseRef }
		if !slices.ContainsFunc(m.Powers, func(p Power) bool { return here(p) && tx.Now.Before(p.EndsAt) }) {
			return journal.Event{}, ErrEnded
		}
		if !slices.ContainsFunc(m.Powers, func(p Power) bool { return !here(p) && tx.Now.Before(p.EndsAt) }) {
			return r.end(tx, m, ended{Reason: reason})
		}
		tx.Queue(`update mandate_power set state = 'ended', ended_at = $4, end_reason = $5 where mandate_id = $1 and procedure = $2 and case_ref = $3 and state <> 'ended'`, id, procedure, caseRef, tx.Now, reason)
		conclude(tx, id)
		r.closed(tx, id)
		return journal.Event{Action: "power.ended", Citizen: m.Citizen, Mandate: id, Detail: powerEnded{reason, procedure, caseRef}}, r.toldOfPart(tx, m.Citizen, id)
	})
	if err != nil {
		return fmt.Errorf("end a power of mandate %s: %w", id, err)
	}
	return nil
}

// end ends all that is left of a mandate. A power whose own time is over before the others' has expired.
func (r *Register) end(tx *journal.Tx, m *Mandate, detail ended) (journal.Event, error) {
	detail.Procedures = []string{}
	for _, p := range m.Powers {
		if !tx.Now.Before(p.EndsAt) {
			continue // expired
		}
		detail.Procedures = append(detail.Procedures, p.Procedure)
	}
	tx.Queue(`update mandate_power set state = 'ended', ended_at = least(ends_at, $2), end_reason = case when ends_at <= $2 then 'expired' else $3 end where mandate_id = $1 and state <> 'ended'`, m.ID, tx.Now, detail.Reason)
	tx.Queue(`update mandate set state = 'ended', ended_at = $2, ended_by = $3, end_reason = $4 where id = $1 and state <> 'ended'`, m.ID, tx.Now, db.OrNull(tx.By.Person), detail.Reason)
	r.closed(tx, m.ID)
	return journal.Event{Action: "mandate.ended", Organisation: m.Organisation, Citizen: m.Citizen, Mandate: m.ID, Detail: detail}, r.told(tx, "mandate_ended", m.Citizen, m.ID)
}

// onMandate runs an act that ends something of a mandate of the actor's organisation, which it has locked, with its powers that have not ended.
func (r *Register) onMandate(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *Mandate) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	mayEnd := org.MayEnd(batch, by)
	m := lock(batch, by.Organisation, id)
	return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayEnd(); err != nil {
			return journal.Event{}, err
		}
		switch {
		case m.State == "":
			return journal.Event{}, db.ErrNotFound
		case m.State == Ended || !tx.Now.Before(m.Until()):
			return journal.Event{}, ErrEnded
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return f(tx, m)
	})
}

// lock queues the lock of a mandate of an organisation, with its powers that have not ended. Its state is "" when it is not there.
func lock(b *pgx.Batch, organisation, id uuid.UUID) *Mandate {
	m := &Mandate{ID: id, Organisation: organisation}
	// The citizen first: the order of locks is the same for every act on mandates.
	b.Queue(`select c.id from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 and m.organisation_id = $2 for update of c`, id, organisation)
	b.Queue(`select citizen_id, state, ends_at, lasts_until from mandate where id = $1 and organisation_id = $2 for update`, id, organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&m.Citizen, &m.State, &m.EndsAt, &m.LastsUntil)
		}
		return rows.Err()
	})
	b.Queue(`select `+powerColumns+` from mandate_power p where p.mandate_id = $1 and p.organisation_id = $2 and p.state <> 'ended' order by p.procedure, p.case_ref`, id, organisation).Query(func(rows pgx.Rows) error {
		var err error
		m.Powers, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	return m
}
