package citizen

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// LockByID queues, among an act's first statements, the lock of a citizen whose id is known: the same that Lock takes. The result is
// filled before the act's function runs; its ID is nil when the organisation does not know them.
func LockByID(b *pgx.Batch, organisation, id uuid.UUID) *Sealed {
	return Lock(b, organisation, `(select sub_index from citizen where id = $1)`, id)
}

// Forget queues that a citizen's row goes, and with it the key under which everything about them was sealed. It is the last of an
// erasure's statements: what hangs on a citizen goes before. Whoever has the database finds nothing that opens what was sealed.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from citizen_mails_link where citizen_id = $1`, citizen)
	tx.Queue(`delete from citizen where id = $1`, citizen)
}
