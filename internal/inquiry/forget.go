package inquiry

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/wrapping"
)

// keepWords is how long words stay after an inquiry was closed: as long as mandates do after their end.
const keepWords = 6

// Purge destroys the words of inquiries that were closed so many years ago, with their keys. What was found, and decided, stays.
func (r *Register) Purge(ctx context.Context) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		queueDestroy(tx, `closed_at < $1`, r.clock.Now().AddDate(-keepWords, 0, 0).Truncate(time.Microsecond))
		return nil
	})
	return wrap("purge the words of inquiries", err)
}

// Forget queues that the words of closed inquiries go which found something about a mandate of a citizen: they may name them. One that is not
// closed keeps its words, and a hold can keep the citizen's records with it. It goes before the mandates do.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	queueDestroy(tx.Tx, `id in (select f.inquiry_id from inquiry_finding f join mandate m on m.id = f.mandate_id where m.citizen_id = $1)`, citizen)
}

// queueDestroy queues that the words of the closed inquiries go for which a condition holds.
func queueDestroy(tx *db.Tx, condition string, arg any) {
	old := `select id from inquiry where state = 'closed' and ` + condition
	tx.Queue(`update inquiry_finding set data_key = null, words = null, reply = null where inquiry_id in (`+old+`) and data_key is not null`, arg)
	tx.Queue(`update inquiry_note set words = null where inquiry_id in (`+old+`) and words is not null`, arg)
	tx.Queue(`update inquiry set data_key = null where id in (`+old+`) and data_key is not null`, arg)
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
