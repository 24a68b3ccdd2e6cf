package notify

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
)

// kept is for how long rows tell what was sent: reminders that come round are told once by them.
const kept = 90 * days

// Purge deletes the rows of old messages. It is for a job.
func (p *Post) Purge(ctx context.Context) error {
	for purged := int64(db.PurgeBatch); purged == db.PurgeBatch; {
		batch := &pgx.Batch{}
		batch.Queue(`delete from notify_message where id in (select id from notify_message where created_at < $1 limit $2)`, p.clock.Now().Add(-kept), db.PurgeBatch).
			Exec(func(tag pgconn.CommandTag) error {
				purged = tag.RowsAffected()
				return nil
			})
		if err := p.db.Pipeline(ctx, db.System(), db.Soon, batch); err != nil {
			return fmt.Errorf("purge messages: %w", err)
		}
	}
	return nil
}
