package consent

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
)

// Whole is a request for consent with everything that was said.
type Whole struct {
	Consent
	Lang     string
	Answer   string // the last that counted, as the citizen wrote it; "" for none
	Ignored  int    // answers that changed nothing
	Mandate  uuid.UUID
	Messages []Message // in the order in which they were written
}

// Message is an SMS to the citizen.
type Message struct {
	Kind, Text, State            string
	QueuedAt, SentAt, ReportedAt time.Time // zero: not, or not yet
}

// OfCitizen reads every request to one citizen of an organisation, the newest first, opened with the citizen's key. What reads them records that it did.
func OfCitizen(ctx context.Context, q citizen.Querier, key *envelope.DataKey, organisation, id uuid.UUID) ([]Whole, error) {
	rows, err := q.Query(ctx, `select `+columns+`, c.lang, c.answer, c.mandate_id from consent c where c.citizen_id = $1 and c.organisation_id = $2 order by c.asked_at desc, c.id`, id, organisation)
	if err != nil {
		return nil, fmt.Errorf("list requests for consent: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Whole, error) {
		var w Whole
		var answer []byte
		var mandate *uuid.UUID
		var err error
		if w.Ignored, err = w.scan(row, &w.Lang, &answer, &mandate); err != nil {
			return w, err
		}
		w.Mandate = db.OrZero(mandate)
		if answer != nil {
			w.Answer, err = unseal(key, "answer", w.ID, answer)
		}
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("read requests for consent: %w", err)
	}
	at := map[uuid.UUID]*Whole{}
	for i := range out {
		at[out[i].ID] = &out[i]
	}
	rows, err = q.Query(ctx, `select m.consent_id, m.id, m.kind, m.text, m.state, m.queued_at, m.sent_at, m.reported_at from consent_message m join consent c on c.id = m.consent_id
		where c.citizen_id = $1 and c.organisation_id = $2 and m.organisation_id = $2 order by m.consent_id, m.seq`, id, organisation)
	if err != nil {
		return nil, fmt.Errorf("list messages about consent: %w", err)
	}
	var of, message uuid.UUID
	var kind, state string
	var sealed []byte
	var queued time.Time
	var sent, reported *time.Time
	_, err = pgx.ForEachRow(rows, []any{&of, &message, &kind, &sealed, &state, &queued, &sent, &reported}, func() error {
		text, err := unseal(key, "text", message, sealed)
		if w := at[of]; err == nil && w != nil {
			w.Messages = append(w.Messages, Message{kind, text, state, queued, db.OrZero(sent), db.OrZero(reported)})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read messages about consent: %w", err)
	}
	return out, nil
}
