package inquiry

import (
	"context"
	"time"

	"mandat/internal/db"
	"mandat/internal/wrapping"
)

// keepWords is how long words stay after an inquiry was closed: as long as mandates do after their end.
const keepWords = 6

// Purge destroys the words of inquiries that were closed so many years ago, with their keys. What was found, and decided, stays.
func (r *Register) Purge(ctx context.Context) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		const old = `select id from inquiry where state = 'closed' and closed_at < $1`
		before := r.clock.Now().AddDate(-keepWords, 0, 0).Truncate(time.Microsecond)
		tx.Queue(`update inquiry_finding set data_key = null, words = null, reply = null where inquiry_id in (`+old+`) and data_key is not null`, before)
		tx.Queue(`update inquiry_note set words = null where inquiry_id in (`+old+`) and words is not null`, before)
		tx.Queue(`update inquiry set data_key = null where id in (`+old+`) and data_key is not null`, before)
		return nil
	})
	return wrap("purge the words of inquiries", err)
}

// Wrapped are the columns of the keys under which words lie.
func Wrapped() []wrapping.Column {
	return []wrapping.Column{
		{Table: "inquiry", Rewrap: wrapping.DataKey,
			Read: `select id::text, id::text, data_key from inquiry where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
				and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
			Write: `update inquiry i set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key) where i.id = n.id::uuid and i.data_key = n.was`},
		{Table: "inquiry_finding", Rewrap: wrapping.DataKey,
			Read: `select id::text, id::text, data_key from inquiry_finding where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
				and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
			Write: `update inquiry_finding i set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key) where i.id = n.id::uuid and i.data_key = n.was`},
	}
}
