package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/jobs"
)

// Undelivered is a message that could not be delivered.
type Undelivered struct {
	ID         uuid.UUID
	Kind       string
	Channel    string    // mail or sms
	Person     uuid.UUID // for whom; nil for an invited person
	Invitation uuid.UUID
	At, Ended  time.Time // of the act, and when it was given up
}

// undelivered are the most that Failed returns.
const undelivered = 200

// Failed lists the messages that could not be delivered, latest first.
func (p *Post) Failed(ctx context.Context) ([]Undelivered, error) {
	var out []Undelivered
	err := p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, kind, channel, person_id, invitation_id, created_at, ended_at from notify_message where state = 'failed' order by created_at desc limit $1`, undelivered)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Undelivered, error) {
			var u Undelivered
			var person, invitation uuid.NullUUID
			err := row.Scan(&u.ID, &u.Kind, &u.Channel, &person, &invitation, &u.At, &u.Ended)
			u.Person, u.Invitation = person.UUID, invitation.UUID
			return u, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list messages that failed: %w", err)
	}
	return out, nil
}

// Again tries to deliver a message that failed. It returns db.ErrNotFound when there is none. What is too old to be of use is dropped.
func (p *Post) Again(ctx context.Context, id uuid.UUID) error {
	err := p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `update notify_message set state = 'queued', ended_at = null where id = $1 and state = 'failed'`, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = db.ErrNotFound
		}
		jobs.Enqueue(tx, Job, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("deliver a message again: %w", err)
	}
	return nil
}

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
