package invitation

import (
	"context"
	"fmt"
	"time"

	"mandat/internal/db"
)

// Kept is how long an invitation is kept after it was accepted, withdrawn or over: for who asks what became of it.
const Kept = 30 * 24 * time.Hour

// Purge deletes invitations that ended longer ago than Kept, with the names and addresses of who never came. Their entries stay, and name nobody.
// It is no act: what is deleted opens nothing, and the database deletes no other (migration 16). A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	_, err := r.db.Purge(ctx, db.System(), `delete from invitation where id in (select id from invitation where coalesce(decided_at, expires_at) < $1
		and not erasure_held(organisation_id, null, $2) limit $3)`, r.clock.Now().Add(-Kept), r.clock.Now())
	if err != nil {
		return fmt.Errorf("purge invitations: %w", err)
	}
	return nil
}
