package receipt

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure and before the mandates go, that the places of a citizen's receipts stand for nothing any more: they become
// decoys whose time is over, so that whoever still has a receipt reads for ever that what it says has ended.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update receipt_status set mandate_id = null, procedure = null, case_ref = null, audience = null, decoy_ends_at = created_at
		where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
}
