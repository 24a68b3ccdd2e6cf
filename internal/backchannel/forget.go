package backchannel

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure and before the mandates go, that the uses of a citizen's mandates go. Those that are over were told before:
// nothing is erased while a mandate stands.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from backchannel_session where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
}
