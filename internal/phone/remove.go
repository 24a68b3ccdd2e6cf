package phone

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Remove forgets a citizen's verified number, for an aidant who may read there (org.Reads): it protects the citizen, as the end of a mandate does. A
// request for consent that rests on it no longer stands. It returns db.ErrNotFound when the citizen has none there, and org.ErrMayNot.
func (r *Register) Remove(ctx context.Context, by journal.Actor, citizen uuid.UUID) error {
	batch := &pgx.Batch{}
	mayEnd := org.MayEnd(batch, by)
	sealed := r.lockCitizen(batch, by.Organisation, citizen)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayEnd(); err != nil {
			return journal.Event{}, err
		}
		if sealed.ID == uuid.Nil {
			return journal.Event{}, db.ErrNotFound
		}
		who, err := r.open(ctx, tx, sealed, by.Organisation)
		if err != nil {
			return journal.Event{}, err
		}
		x, err := inState(ctx, tx, by.Organisation, citizen, Verified)
		if err == nil && x == nil {
			err = db.ErrNotFound
		}
		if err == nil {
			err = r.drop(ctx, tx, x, who)
		}
		if err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "phone.removed", Citizen: citizen, Detail: detail{Phone: x.ID.String()}}, nil
	})
	return wrap("remove a telephone number", err)
}

// drop removes a verified number and its seat.
func (r *Register) drop(ctx context.Context, tx *journal.Tx, x *row, who opened) error {
	if err := x.open(who.key); err != nil {
		return err
	}
	h, err := r.hold(x.Number.Number, who.Citizen)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from phone_holder where number_index = $1 and seat = $2`, h.index, h.seat); err != nil {
		return err
	}
	return r.forget(ctx, tx, x)
}

// forget removes a number and keeps nothing of it.
func (r *Register) forget(ctx context.Context, tx *journal.Tx, x *row) error {
	_, err := tx.Exec(ctx, `update phone set state = 'removed', number = null, number_index = null, removed_at = $2, removed_by = $3, message_id = null, expires_at = null where id = $1`,
		x.ID, tx.Now, tx.By.Person)
	return err
}

// Purge forgets what was entered and not verified within Kept. A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	_, err := r.db.Purge(ctx, db.System(), `delete from phone where id in (select id from phone where state = 'asked' and asked_at < $1 limit $2)`, r.clock.Now().Add(-Kept))
	if err != nil {
		return fmt.Errorf("purge telephone numbers: %w", err)
	}
	return nil
}
