package unsealing

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/wrapping"
)

// Forget queues, in the act that erases a citizen, that what was asked about them goes, as the entries of it do.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from unsealing where citizen_id = $1`, citizen)
}

// Purge destroys the words of reasons that were given a year ago, but of those about whom a hold keeps records: a citizen, or a professional of an organisation that is held.
func (r *Register) Purge(ctx context.Context) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update unsealing set data_key = null, words = null where asked_at < $1 and words is not null
			and not coalesce(erasure_held(organisation_id, citizen_id, $2), false) and not erasure_held_member(person_id, $2)`, r.clock.Now().Add(-keepWords), r.clock.Now())
		return err
	})
	return wrap("purge the words of unsealings", err)
}

// Wrapped is the column of the keys under which the words of reasons lie.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "unsealing",
		Read: `select id::text, id::text, data_key from unsealing where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update unsealing u set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where u.id = n.id::uuid and u.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
