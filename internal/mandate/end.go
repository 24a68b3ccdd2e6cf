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
// as superseded or expired.
var Reasons = []string{"citizen", "organisation", "completed", "mistake", "death", "protection"}

type ended struct {
	Reason     string   `json:"reason"`
	Procedures []string `json:"procedures"` // the powers that stood until now
}

// End ends a mandate of the actor's organisation and all its powers, at once. It returns ErrEnded when it has ended (its
// time being over included), ErrReason for a reason that is not among Reasons, ErrFactorTooOld when the actor gave their second factor more than
// org.FactorLife ago, org.ErrMayNot, db.ErrNotFound for another organisation's. Whose certificate is over may end all the same
// (org.Reads): it protects the citizen.
func (r *Register) End(ctx context.Context, by journal.Actor, id uuid.UUID, reason string) error {
	if !slices.Contains(Reasons, reason) {
		return ErrReason
	}
	batch := &pgx.Batch{}
	mayEnd := org.MayEnd(batch, by)
	// The citizen first: the order of locks is the same for every act on mandates.
	batch.Queue(`select c.id from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 and m.organisation_id = $2 for update of c`, id, by.Organisation)
	var m Mandate
	there := false
	batch.Queue(`select citizen_id, state, ends_at from mandate where id = $1 and organisation_id = $2 for update`, id, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if there = rows.Next(); there {
			return rows.Scan(&m.Citizen, &m.State, &m.EndsAt)
		}
		return rows.Err()
	})
	var standing []string
	batch.Queue(`select procedure from mandate_power where mandate_id = $1 and state <> 'ended' order by procedure`, id).Query(func(rows pgx.Rows) error {
		var err error
		standing, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayEnd(); err != nil {
			return journal.Event{}, err
		}
		if !there {
			return journal.Event{}, db.ErrNotFound
		}
		if !m.StandsAt(tx.Now) {
			return journal.Event{}, ErrEnded
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`update mandate_power set state = 'ended', ended_at = $2, end_reason = $3 where mandate_id = $1 and state <> 'ended'`, id, tx.Now, reason)
		tx.Queue(`update mandate set state = 'ended', ended_at = $2, ended_by = $3, end_reason = $4 where id = $1 and state = 'standing'`, id, tx.Now, by.Person, reason)
		return journal.Event{Action: "mandate.ended", Citizen: m.Citizen, Mandate: id, Detail: ended{reason, standing}}, r.told(tx, "mandate_ended", m.Citizen, id)
	})
	if err != nil {
		return fmt.Errorf("end mandate %s: %w", id, err)
	}
	return nil
}
