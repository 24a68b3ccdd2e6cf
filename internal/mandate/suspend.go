package mandate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/org"
)

// Suspended reports whether auditors suspended what is left of the mandate: nobody acts with it until they lift that. Its powers have to be there.
func (m Mandate) Suspended() bool {
	return slices.ContainsFunc(m.Powers, func(p Power) bool { return p.State != Ended && p.SuspendedAt != nil })
}

// LockSuspended queues the locks of Suspend and Resume: what is done with the mandate meanwhile comes before or after.
func LockSuspended(b *pgx.Batch, id uuid.UUID) {
	b.Queue(`select from citizen c join mandate m on m.citizen_id = c.id where m.id = $1 for update of c`, id)
	b.Queue(`select from mandate where id = $1 for update`, id)
}

// Suspend is the part of an act of an inquiry that suspends a mandate: it gives nothing from then on, whoever asks, until Resume. The citizen is told, and services that have
// a use open under it. What has ended stays as it ended. It returns the event of the act; of a mandate that was erased nothing is left to suspend, and the event says who
// ordered it all the same.
func (r *Register) Suspend(ctx context.Context, tx *journal.Tx, id uuid.UUID, under org.Under) (journal.Event, error) {
	return r.suspend(ctx, tx, &tx.Now, journal.Event{Action: "mandate.suspended", Mandate: id, Detail: under})
}

// Resume is the part of the act that lifts it.
func (r *Register) Resume(ctx context.Context, tx *journal.Tx, id uuid.UUID, under org.Under) (journal.Event, error) {
	return r.suspend(ctx, tx, nil, journal.Event{Action: "mandate.resumed", Mandate: id, Detail: under})
}

func (r *Register) suspend(ctx context.Context, tx *journal.Tx, at *time.Time, event journal.Event) (journal.Event, error) {
	id := event.Mandate
	var state string
	err := tx.QueryRow(ctx, `select organisation_id, citizen_id, state from mandate where id = $1`, id).Scan(&event.Organisation, &event.Citizen, &state)
	if errors.Is(err, pgx.ErrNoRows) {
		return event, nil
	}
	if err != nil || state == Ended {
		return event, err
	}
	tx.Queue(`update mandate_power set suspended_at = $2 where mandate_id = $1 and state <> 'ended' and suspended_at is distinct from $2`, id, at)
	if at != nil {
		r.closed(tx, id)
	}
	if r.tell == nil {
		return event, nil
	}
	kind := "mandate_suspended"
	if at == nil {
		kind = "mandate_resumed"
	}
	return event, r.tell(tx.Tx, tx.Now, org.Message{Kind: kind, About: id.String() + " " + journal.TimeText(tx.Now), Citizen: event.Citizen, Mandate: id})
}

// suspend does on paper what Suspend and Resume do in the tables.
func (r *replayed) suspend(at *time.Time) {
	for _, p := range r.powers {
		if p.State != Ended {
			p.SuspendedAt = at
		}
	}
}
