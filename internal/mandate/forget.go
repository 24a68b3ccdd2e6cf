package mandate

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure, that a citizen's mandates go, with their powers and their evidence. What refers to mandates goes before.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from mandate_evidence where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
	tx.Queue(`delete from mandate_power where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
	tx.Queue(`delete from mandate where citizen_id = $1`, citizen)
}
