package draft

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// about are the drafts of a citizen $1 that are under way.
const about = `organisation_id = (select organisation_id from citizen where id = $1) and state in ('open', 'identified')
	and (subject_id = $1 or same_as = $1 or sub_index = (select sub_index from citizen where id = $1))`

// LockAbout queues, before the lock of a citizen, that of the drafts under way for them, as their signature locks them.
func LockAbout(b *pgx.Batch, citizen uuid.UUID) {
	b.Queue(`select id from mandate_draft where `+about+` order by id for update`, citizen)
}

// Forget queues, in an erasure and before the mandates go, that the drafts of a citizen go: those that became mandates, and those under way.
func Forget(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from mandate_draft where id in (select draft_id from mandate where citizen_id = $1)`, citizen)
	Drop(tx, citizen)
}

// Drop queues that the drafts under way for a citizen, whose lock the act has, go. Those that a hold keeps are over instead, and go by Purge once it has ended.
func Drop(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`update mandate_draft set expires_at = least(expires_at, $2) where `+about+` and erasure_held(organisation_id, $1, $2)`, citizen, tx.Now)
	tx.Queue(`delete from mandate_draft where `+about+` and not erasure_held(organisation_id, $1, $2)`, citizen, tx.Now)
}
