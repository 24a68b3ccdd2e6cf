package attestation

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure and before the mandates go, that the documents of a citizen's mandates go, with their control words and public addresses.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from attestation where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
	tx.Queue(`delete from attestation_word where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
	tx.Queue(`delete from attestation_status where mandate_id in (select id from mandate where citizen_id = $1)`, citizen)
}
