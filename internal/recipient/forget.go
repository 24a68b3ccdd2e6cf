package recipient

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// ofCitizen is SQL of the signals that name an entry about a citizen $2. It is asked before their entries go.
const ofCitizen = `entries && array(select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.citizen_id = $2)`

// Forget queues that the words of the signals go that name an entry about a citizen who is erased. Those that a hold keeps for somebody else stay until it ends.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update recipient_signal set erased_at = $1 where id in (select id from recipient_signal where `+ofCitizen+` order by id for update)`, tx.Now, citizen)
	queueDestroy(tx.Tx, ofCitizen, tx.Now, citizen)
}

// Purge destroys the words of signals that were closed a year ago, and of those that a hold kept when a citizen was erased, unless one keeps what is about anybody in them.
func (r *Register) Purge(ctx context.Context) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		now := r.clock.Now()
		queueDestroy(tx, `(closed_at < $2 or erased_at is not null)`, now, now.Add(-keepWords))
		return nil
	})
	return wrap("destroy words of signals", err)
}

// queueDestroy queues that the words of the signals go for which a condition on $2 holds, and that no hold keeps.
func queueDestroy(tx *db.Tx, condition string, now time.Time, arg any) {
	tx.Queue(`update recipient_signal set data_key = null, words = null where words is not null and not erasure_held_entries(entries, $1) and `+condition, now, arg)
}
