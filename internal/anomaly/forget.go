package anomaly

import (
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// ofCitizen is SQL of the alerts that name an entry about a citizen $2. It is asked before their entries go.
const ofCitizen = `entries && array(select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.citizen_id = $2)`

// Forget queues, in the act that erases a citizen, that the words go with which an alert was closed that names an entry about them: they may name them. The alert stays, and so do words that
// a hold keeps for somebody else, until it ends. One without words is marked too: of who is closing it the act waits for the end, and what somebody writes later goes by Purge.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update anomaly_alert set erased_at = $1 where id in (select id from anomaly_alert where `+ofCitizen+` order by id for update)`, tx.Now, citizen)
	queueDestroy(tx.Tx, ofCitizen, tx.Now, citizen)
}

// queueDestroy queues that the words of the alerts go for which a condition on $2 holds, and that no hold keeps: on everybody in the alert's organisation, or on whom one of its entries is about.
func queueDestroy(tx *db.Tx, condition string, now time.Time, arg any) {
	tx.Queue(`update anomaly_alert set data_key = null, words = null where words is not null and not erasure_held(organisation_id, null, $1) and not erasure_held_entries(entries, $1)
		and `+condition, now, arg)
}
