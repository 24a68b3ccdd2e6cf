package decision

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure, that what services were told about a citizen goes.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from decision_answer where citizen_id = $1`, citizen)
}
