package report

import (
	"github.com/google/uuid"

	"mandat/internal/journal"
)

// Forget queues, in an erasure and before the mandates go, that the uses of a citizen's mandates go, with the accounts of them.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	const uses = `select u.id from report_use u join mandate m on m.id = u.mandate_id where m.citizen_id = $1`
	tx.Queue(`delete from report_account where use_id in (`+uses+`)`, citizen)
	tx.Queue(`delete from report_use where id in (`+uses+`)`, citizen)
}
