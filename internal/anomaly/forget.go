package anomaly

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in the act that erases a citizen and before their entries go, that the words go with which an alert was closed that names an entry about them: they may name
// them. The alert stays. One without words is asked for too: of who is closing it the act waits for the end.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update anomaly_alert set data_key = null, words = null where id in (select id from anomaly_alert
		where entries && array(select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.citizen_id = $1) order by id for update)`, citizen)
}
