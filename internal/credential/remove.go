package credential

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Rename gives a factor of the person's another name: they go by it when they remove one. db.ErrNotFound when it is not theirs, ErrName,
// org.ErrFactorTooOld.
func (r *Register) Rename(ctx context.Context, by journal.Actor, id uuid.UUID, name string) error {
	name, err := named(name)
	if err == nil {
		err = org.Fresh(by, r.clock.Now())
	}
	if err != nil {
		return err
	}
	err = r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, db.ErrNotFound, `with passkey as (update credential_passkey set name = $3 where id = $1 and person_id = $2 returning id),
			totp as (update credential_totp set name = $3 where id = $1 and person_id = $2 and confirmed_at is not null returning id)
			select from (select id from passkey union all select id from totp) renamed`, id, by.Person, name)
	})
	return wrap("rename factor", err)
}

// Remove takes a factor of the person's away. db.ErrNotFound when it is not theirs. ErrLast for the last one of somebody whom
// ProConnect does not know: they could never sign in again; of somebody whom it does, the recovery codes go with it. A card goes
// back to the stock: it is in the hand of somebody who gave a factor just now. The codes that it has given add it no more.
func (r *Register) Remove(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return r.own(ctx, by, "remove factor", func(tx *journal.Tx, h holding) (journal.Event, error) {
		var kind, serial string
		var counted bool
		var step int64
		err := tx.QueryRow(ctx, `with passkey as (delete from credential_passkey where id = $1 and person_id = $2 returning 'passkey' as kind, '' as serial, cloned_at is null as counted, 0::bigint as step),
			totp as (delete from credential_totp where id = $1 and person_id = $2 and confirmed_at is not null returning kind, coalesce(serial, '') as serial, true as counted, last_step as step)
			select * from passkey union all select * from totp`, id, by.Person).Scan(&kind, &serial, &counted, &step)
		if err != nil {
			return journal.Event{}, err
		}
		detail := changed{Person: by.Person.String(), Kind: kind, Factor: id.String(), Serial: serial, Last: counted && h.factors() == 1}
		if detail.Last {
			if !h.identity {
				return journal.Event{}, ErrLast
			}
			tx.Queue(`delete from credential_recovery where person_id = $1`, by.Person)
		}
		if serial != "" {
			card.Return(tx, serial, step)
		}
		return journal.Event{Action: "factor.removed", Detail: detail}, r.tell(tx, "factor_removed", id, by.Person)
	})
}
