package consent

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure and before the telephone numbers go, that what a citizen was asked by SMS goes, with its messages and their answer.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from consent_message where consent_id in (select id from consent where citizen_id = $1)`, citizen)
	tx.Queue(`delete from consent where citizen_id = $1`, citizen)
}
