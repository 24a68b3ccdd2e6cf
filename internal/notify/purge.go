package notify

import (
	"context"
	"fmt"

	"mandat/internal/db"
)

// kept is for how long rows tell what was sent: reminders that come round are told once by them.
const kept = 90 * days

// Purge deletes the rows of old messages, but those to a citizen whose records are held. It is for a job.
func (p *Post) Purge(ctx context.Context) error {
	_, err := p.db.Purge(ctx, db.System(), `delete from notify_message where id in (select id from notify_message m where created_at < $1
		and not exists (select from citizen c where c.id = m.citizen_id and erasure_held(c.organisation_id, c.id, $2)) limit $3)`, p.clock.Now().Add(-kept), p.clock.Now())
	if err != nil {
		return fmt.Errorf("purge messages: %w", err)
	}
	return nil
}
