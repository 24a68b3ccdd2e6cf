package consent

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// Report notes what the gateway says became of a message. When a part of the recap or the question was not delivered the request has failed, also
// after a yes that was not used: the citizen has not seen what they agreed to. Ids of no message change nothing.
func (r *Register) Report(ctx context.Context, message uuid.UUID, delivered bool) error {
	if !delivered {
		return r.fail(ctx, message, "undelivered")
	}
	return r.mark(ctx, `update consent_message set state = 'delivered', reported_at = $2 where id = $1 and state in ('queued', 'sent')`, message, r.clock.Now())
}

// fail notes that a message did not reach the citizen, and fails a request that lives by it: that is an act.
func (r *Register) fail(ctx context.Context, message uuid.UUID, why string) error {
	state := "failed"
	if why == "undelivered" {
		state = why
	}
	if err := r.mark(ctx, `update consent_message set state = $2, reported_at = $3, sent_at = case when $2 = 'undelivered' then coalesce(sent_at, $3) else sent_at end
		where id = $1 and state in ('queued', 'sent')`, message, state, r.clock.Now()); err != nil {
		return err
	}
	err := r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		var c Consent
		err := tx.QueryRow(ctx, `update consent c set state = 'failed', ended_at = $2 from consent_message m where m.id = $1 and m.kind in ('recap', 'request', 'again') and m.state in ('failed', 'undelivered')
			and c.id = m.consent_id and c.state in `+live+` returning c.id, c.draft_id, c.organisation_id, c.citizen_id`, message, tx.Now).Scan(&c.ID, &c.Draft, &c.Organisation, &c.Citizen)
		if errors.Is(err, pgx.ErrNoRows) {
			err = errSame
		}
		return journal.Event{Action: "consent.failed", Organisation: c.Organisation, Citizen: c.Citizen, Detail: detail{Consent: c.ID.String(), Draft: c.Draft.String(), Why: why}}, err
	})
	if err != nil && !errors.Is(err, errSame) {
		return fmt.Errorf("fail a request for consent: %w", err)
	}
	return nil
}
