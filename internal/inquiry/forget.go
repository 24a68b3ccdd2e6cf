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

// Purge destroys the words of inquiries that were closed so many years ago, with their keys, and of those that a hold kept when a citizen was erased, unless one keeps what is about
// anybody in them. What was found, and decided, stays.
func (r *Register) Purge(ctx context.Context) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		now := r.clock.Now().Truncate(time.Microsecond)
		queueDestroy(tx, `(closed_at < $2 or `+ofErased+`)`, now, now.AddDate(-keepWords, 0, 0))
		return nil
	})
	return wrap("purge the words of inquiries", err)
}

// ofCitizen is SQL of the inquiries whose words may name a citizen: something was found about a mandate of theirs, an entry about them is attached, or stands in an alert or a signal that was
// taken into it. It is asked before their mandates and entries go.
const ofCitizen = `id in (select f.inquiry_id from inquiry_finding f join mandate m on m.id = f.mandate_id where m.citizen_id = $2
	union select a.inquiry_id from journal_entry e join journal_leaf l on l.entry_id = e.id join inquiry_entry a on a.index = l.index where e.citizen_id = $2
	union select t.case_id from (select case_id, entries from anomaly_alert union all select case_id, entries from recipient_signal) t
		where t.case_id is not null and t.entries && array(select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.citizen_id = $2))`

// ofErased is SQL of the inquiries whose words may name somebody who was erased, also before an alert or a signal about them was taken into it.
const ofErased = `(erased_at is not null or exists (select from anomaly_alert a where a.case_id = inquiry.id and a.erased_at is not null)
	or exists (select from recipient_signal s where s.case_id = inquiry.id and s.erased_at is not null))`

// Forget queues that the words of the inquiries go that may name a citizen who is erased. One that is not closed keeps them for its decision, until it is, and one that a hold keeps for
// somebody else keeps them until that ends.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update inquiry set erased_at = $1 where erased_at is null and `+ofCitizen, tx.Now, citizen)
	queueDestroy(tx.Tx, ofCitizen, tx.Now, citizen)
}

// queueDestroy queues that the words of the closed inquiries go for which a condition on $2 holds, and that no hold keeps. The inquiries are locked first: of an act that writes in one of them it waits for the end.
func queueDestroy(tx *db.Tx, condition string, now time.Time, arg any) {
	old := `select id from inquiry where state = 'closed' and not erasure_held_inquiry(id, $1) and ` + condition
	tx.Queue(`update inquiry set data_key = null where id in (`+old+`) and data_key is not null`, now, arg)
	tx.Queue(`update inquiry_finding set data_key = null, words = null, reply = null where inquiry_id in (`+old+`) and data_key is not null`, now, arg)
	tx.Queue(`update inquiry_note set words = null where inquiry_id in (`+old+`) and words is not null`, now, arg)
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
