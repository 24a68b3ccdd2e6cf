package invitation

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
)

// Kept is how long an invitation is kept after it was accepted, withdrawn or over: for who asks what became of it.
const Kept = 30 * 24 * time.Hour

// Purge deletes invitations that ended longer ago than Kept, with the names and addresses of who never came. Their entries stay, and name nobody.
// It is no act: what is deleted opens nothing, and the database deletes no other (migration 16). A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	for purged := int64(db.PurgeBatch); purged == db.PurgeBatch; {
		batch := &pgx.Batch{}
		batch.Queue(`delete from invitation where id in (select id from invitation where coalesce(decided_at, expires_at) < $1 limit $2)`,
			r.clock.Now().Add(-Kept), db.PurgeBatch).
			Exec(func(tag pgconn.CommandTag) error {
				purged = tag.RowsAffected()
				return nil
			})
		if err := r.db.Pipeline(ctx, db.System(), db.Soon, batch); err != nil {
			return fmt.Errorf("purge invitations: %w", err)
		}
	}
	return nil
}
