package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
)

// started is the detail of the entry of a mandate that begins.
type started struct {
	Superseded []superseded `json:"superseded,omitempty"`
}

var errStarted = errors.New("it has begun, or ended, already")

// StartDue makes the mandates stand whose first day has come, at most limit of them, each in an act of its own: the organisation's earlier powers for the same
// citizen, procedures and cases end there. It goes on after one that cannot be started, and returns how many were due.
func (r *Register) StartDue(ctx context.Context, limit int) (int, error) {
	var due []uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from mandate where state = 'scheduled' and starts_at <= $1 order by starts_at limit $2`, r.clock.Now(), limit)
		if err == nil {
			due, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find mandates that begin: %w", err)
	}
	var failed error
	for _, id := range due {
		if err := r.startOne(ctx, id); err != nil && !errors.Is(err, errStarted) {
			failed = errors.Join(failed, fmt.Errorf("start mandate %s: %w", id, err))
		}
	}
	return len(due), failed
}

// powersBefore are the standing powers with the keys of a scheduled mandate's. A power whose own time
// was over before it could begin takes the place of none.
const powersBefore = `select ` + powerColumns + `
	from mandate_power n join mandate_power p on p.organisation_id = n.organisation_id and p.citizen_id = n.citizen_id and p.procedure = n.procedure and p.case_ref = n.case_ref and p.state = 'standing'
	where n.mandate_id = $1 and n.state = 'scheduled' and n.ends_at > $2 order by p.mandate_id, p.procedure, p.case_ref`

func (r *Register) startOne(ctx context.Context, id uuid.UUID) error {
	var organisation, citizen uuid.UUID
	var transfers *uuid.UUID
	var ends time.Time
	var earlier []Power
	b := &pgx.Batch{}
	b.Queue(`select c.id from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 for update of c`, id)
	b.Queue(`select organisation_id, citizen_id, transfers, least(ends_at, lasts_until) from mandate where id = $1 and state = 'scheduled' for update`, id).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&organisation, &citizen, &transfers, &ends)
		}
		return rows.Err()
	})
	b.Queue(powersBefore, id, r.clock.Now()).Query(func(rows pgx.Rows) error {
		var err error
		earlier, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	return r.journal.RecordAfter(ctx, journal.Program(), b, func(tx *journal.Tx) (journal.Event, error) {
		if organisation == uuid.Nil {
			return journal.Event{}, errStarted
		}
		r.supersede(tx, earlier)
		tx.Queue(`update mandate_power set state = 'standing' where mandate_id = $1 and state = 'scheduled' and ends_at > $2`, id, tx.Now)
		tx.Queue(`update mandate_power set state = 'ended', ended_at = ends_at, end_reason = 'expired' where mandate_id = $1 and state = 'scheduled'`, id)
		tx.Queue(`update mandate set state = 'standing' where id = $1 and state = 'scheduled'`, id)
		conclude(tx, id)
		if transfers != nil && tx.Now.Before(ends) {
			jobs.Enqueue(tx.Tx, TransferJob, id)
		}
		return journal.Event{Action: "mandate.started", Organisation: organisation, Citizen: citizen, Mandate: id, Detail: started{taken(earlier, tx.Now)}}, nil
	})
}
