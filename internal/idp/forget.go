package idp

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure, that the logins for a citizen go: what is under way gives nothing any more. The names under which services
// know them (idp_subject) go with the citizen's row.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from idp_login where citizen_id = $1`, citizen)
}
