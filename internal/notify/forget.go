package notify

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure, that the messages to a citizen go, those that wait among them: whose job finds none sends none.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from notify_message where citizen_id = $1`, citizen)
}
