package phone

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Remove forgets a citizen's verified number, for an aidant who may read there (org.Reads): it protects the citizen, as the end of a mandate does. A
// request for consent that rests on it no longer stands. It stays bound to them for a while (Bound). It returns db.ErrNotFound when the citizen has none there, and org.ErrMayNot.
func (r *Register) Remove(ctx context.Context, by journal.Actor, citizen uuid.UUID) error {
	batch := &pgx.Batch{}
	mayEnd := org.MayEnd(batch, by)
	sealed := r.lockCitizen(batch, by.Organisation, citizen)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayEnd(); err != nil {
			return journal.Event{}, err
		}
		who, err := r.open(sealed)
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

// Bound is for how many months at least a number that was removed stays bound to whom it served: for another person it needs a colleague (Other).
const Bound = 6

// drop removes a verified number. Its seat stays for as long as a mandate can stand to which it agreed, and for Bound: else one telephone could agree for everybody
// in turn. Which of the citizen's numbers agreed to a mandate is not asked. A mandate may end earlier, and the number is bound until then nevertheless. While a hold keeps what is about the
// citizen, it stays until the day of the hold: later on nothing tells whose it is.
func (r *Register) drop(ctx context.Context, tx *journal.Tx, x *row, who opened) error {
	if err := x.open(who.key); err != nil {
		return err
	}
	h, err := r.hold(x.Number.Number, tx.By.Organisation, who.Citizen)
	if err != nil {
		return err
	}
	var until time.Time
	err = tx.QueryRow(ctx, `select greatest(max(ends_at), $3::timestamptz, (select max(h.until) from erasure_hold h
			where h.organisation_id = $2 and (h.citizen_id is null or h.citizen_id = $1) and h.released_at is null))
		from mandate where citizen_id = $1 and organisation_id = $2 and consent_by = 'sms' and state <> 'ended'`,
		who.ID, tx.By.Organisation, tx.Now.AddDate(0, Bound, 0)).Scan(&until)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update phone_holder set kept_until = $3 where number_index = $1 and seat = $2`, h.index, h.seat, quarterFrom(until)); err != nil {
		return err
	}
	return r.forget(ctx, tx, x)
}

// quarterFrom is the first day of the quarter that begins after a time, in UTC: a seat tells of no removal in particular.
func quarterFrom(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), (t.Month()-1)/3*3+4, 1, 0, 0, 0, 0, time.UTC)
}

// forget removes a number and keeps nothing of it in its row.
func (r *Register) forget(ctx context.Context, tx *journal.Tx, x *row) error {
	_, err := tx.Exec(ctx, `update phone set state = 'removed', number = null, number_index = null, removed_at = $2, removed_by = $3, message_id = null, expires_at = null where id = $1`,
		x.ID, tx.Now, tx.By.Person)
	return err
}

// Purge forgets what was entered and not verified within Kept, and to whom a number was bound that may serve anybody again. What is held about a citizen stays. A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	now := r.clock.Now()
	_, err := r.db.Purge(ctx, db.System(), `delete from phone where id in (select id from phone where state = 'asked' and asked_at < $1
		and not erasure_held(organisation_id, citizen_id, $2) limit $3)`, now.Add(-Kept), now)
	if err == nil { // asked twice: a seat that is taken again meanwhile stays
		_, err = r.db.Purge(ctx, db.System(), `delete from phone_holder where kept_until <= $1::date
			and (number_index, seat) in (select number_index, seat from phone_holder where kept_until <= $1::date limit $2)`, now.UTC().Format(time.DateOnly))
	}
	if err != nil {
		return fmt.Errorf("purge telephone numbers: %w", err)
	}
	return nil
}
