package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/phone"
	"mandat/internal/sms"
)

// Job is the name of the job that sends a message; the id is the message's.
const Job = "consent_message"

// Kind is the job that sends messages, for jobs.Start.
func (r *Register) Kind() jobs.Kind { return jobs.Kind{Name: Job, Timeout: time.Minute, Work: r.send} }

// waiting is a message that is to be sent.
type waiting struct {
	id, consent, organisation, phone uuid.UUID
	kind, state                      string
	expires                          time.Time
	sealed                           []byte
	to, text                         string
}

// asks reports whether the message is of the request itself, and of no use once that is over.
func (m waiting) asks() bool { return m.kind == "recap" || m.kind == "request" || m.kind == again }

var errNoGateway = errors.New("the settings name no SMS gateway")

// send is the job: it sends a message, and lets the next of the request leave.
func (r *Register) send(ctx context.Context, id uuid.UUID, last bool) error {
	m := waiting{id: id}
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select c.id, c.organisation_id, c.phone_id, m.kind, c.state, c.expires_at, m.text from consent_message m join consent c on c.id = m.consent_id where m.id = $1 and m.state = 'queued'`, id).
			Scan(&m.consent, &m.organisation, &m.phone, &m.kind, &m.state, &m.expires, &m.sealed)
		if err != nil {
			return err
		}
		held, err := r.phones.Find(ctx, tx, m.organisation, m.phone)
		if err != nil {
			return err
		}
		m.to = held.Number.Number
		m.text, err = unseal(held.Key, "text", id, m.sealed)
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil // sent already
	case errors.Is(err, phone.ErrNotShown):
		return r.fail(ctx, id, "number") // it was removed since
	case err != nil:
		return fmt.Errorf("read a message: %w", err)
	case m.asks() && (m.state != Queued && m.state != Sent || !r.clock.Now().Before(m.expires)):
		return r.mark(ctx, `update consent_message set state = 'dropped' where id = $1 and state = 'queued'`, id)
	case r.config.Gateway == nil:
		return errors.Join(jobs.GiveUp(errNoGateway), r.fail(ctx, id, "gateway"))
	}
	err = r.config.Gateway.Send(ctx, id.String(), m.to, m.text)
	_, no := errors.AsType[*sms.Refusal](err)
	switch {
	case err == nil:
		return r.sent(ctx, m)
	case no:
		return errors.Join(jobs.GiveUp(err), r.fail(ctx, id, "gateway"))
	case last:
		return errors.Join(err, r.fail(ctx, id, "gateway"))
	}
	return errors.Join(err, r.mark(ctx, `update consent_message set retries = retries + 1 where id = $1 and state = 'queued'`, id))
}

// sent notes that a message has left. A report of its delivery may have come before.
func (r *Register) sent(ctx context.Context, m waiting) error {
	now := r.clock.Now()
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `update consent_message set state = case when state = 'queued' then 'sent' else state end, sent_at = coalesce(sent_at, $2) where id = $1`, m.id, now); err != nil {
			return err
		}
		if m.kind == "request" {
			_, err := tx.Exec(ctx, `update consent set state = 'sent', sent_at = $2 where id = $1 and state = 'queued'`, m.consent, now)
			return err
		}
		var next uuid.UUID
		err := tx.QueryRow(ctx, `select id from consent_message where consent_id = $1 and state = 'queued' and kind in ('recap', 'request') order by seq limit 1`, m.consent).Scan(&next)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			jobs.Enqueue(tx, Job, next)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a message left: %w", err)
	}
	return nil
}

func (r *Register) mark(ctx context.Context, sql string, args ...any) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what became of a message: %w", err)
	}
	return nil
}
