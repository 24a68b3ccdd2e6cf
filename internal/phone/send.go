package phone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/sms"
)

// Job is the name of the job that sends a code; the id is the message's.
const Job = "phone_code"

// Kind is the job that sends codes, for jobs.Start.
func (r *Register) Kind() jobs.Kind { return jobs.Kind{Name: Job, Timeout: time.Minute, Work: r.send} }

var errNoGateway = errors.New("the settings name no SMS gateway")

// send sends the code of a message, unless it is too late or another one was asked for. A second try sends the same code under the same id.
func (r *Register) send(ctx context.Context, message uuid.UUID, last bool) error {
	var x row
	var organisation string
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+columns+` from phone where message_id = $1 and state = 'asked' and expires_at > $2`, message, r.clock.Now())
		if err != nil {
			return err
		}
		if x, err = pgx.CollectOneRow(rows, scan); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select name from organisation where id = $1`, x.Organisation).Scan(&organisation); err != nil {
			return err
		}
		key, err := r.citizens.DataKey(ctx, tx, x.Organisation, x.Citizen)
		if err != nil {
			return err
		}
		return x.open(key)
	})
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a telephone number: %w", err)
	}
	code, err := r.code(message)
	if err != nil {
		return err
	}
	if r.gateway == nil {
		return errors.Join(jobs.GiveUp(errNoGateway), r.note(ctx, message, `update phone set failed_at = $2 where message_id = $1`))
	}
	err = r.gateway.Send(ctx, message.String(), x.Number.Number, Text(code, organisation))
	_, refused := errors.AsType[*sms.Refusal](err)
	switch {
	case err == nil:
		return r.note(ctx, message, `update phone set sent_at = $2 where message_id = $1`)
	case refused:
		return errors.Join(jobs.GiveUp(err), r.note(ctx, message, `update phone set failed_at = $2 where message_id = $1`))
	case last:
		return errors.Join(err, r.note(ctx, message, `update phone set failed_at = $2 where message_id = $1`))
	}
	return err
}

func (r *Register) note(ctx context.Context, message uuid.UUID, sql string) error {
	return r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, sql, message, r.clock.Now())
		return err
	})
}

// Report notes that a code was not delivered, as the gateway says of the message. Ids of other messages change nothing.
func (r *Register) Report(ctx context.Context, message uuid.UUID, delivered bool) error {
	if delivered {
		return nil
	}
	if err := r.note(ctx, message, `update phone set failed_at = $2 where message_id = $1 and state = 'asked'`); err != nil {
		return fmt.Errorf("note a delivery report: %w", err)
	}
	return nil
}

// Text is the message with a code. It says who asks, and what the code is for: who gets it unasked knows what not to do with it.
func Text(code, organisation string) string {
	return "Mandat : votre code est " + code + ". Dites-le à la personne qui vous aide maintenant (" + organisation + ") si vous êtes avec elle : il confirme votre numéro pendant 10 minutes. Sinon, ne le donnez à personne."
}
