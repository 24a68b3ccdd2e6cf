package consent

import (
	"bytes"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/envelope"
	"mandat/internal/evidence"
	"mandat/internal/journal"
)

// Given is what a citizen has answered about a draft, as an act that signs it has locked it. It is filled before the act's function runs.
type Given struct {
	ID, Citizen, Phone uuid.UUID // ID is nil when no yes stands
	AnsweredAt         time.Time
	When               evidence.Circumstances // when they were asked, the question left, and they answered
	version            int
	digest             []byte
	expires            time.Time
	lang               string
	answer             []byte
	messages           []sealedMessage
}

// sealedMessage is one of our messages as it is kept.
type sealedMessage struct {
	id   uuid.UUID
	kind string
	text []byte
}

// Ask queues, with the first statements of an act that signs a draft and after the locks of draft and citizen, the question whether the citizen has
// said yes to it, and locks the answer: a no, a cancellation or an expiry that comes at the same time waits, or came first. Which version and which
// terms it is for is asked in the act, which has read the draft by then: Stands.
func Ask(b *pgx.Batch, organisation, draft uuid.UUID) *Given {
	g := &Given{}
	b.Queue(`select c.id, c.citizen_id, c.phone_id, c.draft_version, c.digest, c.answered_at, c.expires_at, c.asked_at, c.sent_at, c.lang, c.answer from consent c join phone p on p.id = c.phone_id
		where c.organisation_id = $1 and c.draft_id = $2 and c.state = 'yes' and p.state = 'verified' and p.citizen_id = c.citizen_id for update of c for share of p`, organisation, draft).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			if rows.Next() {
				g.When.AnsweredAt = &g.AnsweredAt
				return rows.Scan(&g.ID, &g.Citizen, &g.Phone, &g.version, &g.digest, &g.AnsweredAt, &g.expires, &g.When.AskedAt, &g.When.ShownAt, &g.lang, &g.answer)
			}
			return rows.Err()
		})
	// Of what came after the question, only what left before the answer: the rest may still change while the aidant signs.
	b.Queue(`select m.id, m.kind, m.text from consent_message m join consent c on c.id = m.consent_id where c.organisation_id = $1 and c.draft_id = $2 and c.state = 'yes'
		and (m.kind in ('recap', 'request') or m.kind = 'again' and m.sent_at <= c.answered_at) order by m.seq`, organisation, draft).Query(func(rows pgx.Rows) error {
		var err error
		g.messages, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (sealedMessage, error) {
			var m sealedMessage
			err := row.Scan(&m.id, &m.kind, &m.text)
			return m, err
		})
		return err
	})
	return g
}

// Said is the exchange as evidence, opened with the citizen's key: the bytes of each message that asked, in their order, and of the answer.
func (g *Given) Said(key *envelope.DataKey) ([]evidence.Text, error) {
	said := func(kind, what string, id uuid.UUID, sealed []byte) (evidence.Text, error) {
		text, err := unseal(key, what, id, sealed)
		return evidence.Text{Lang: g.lang, Form: evidence.SMS, Template: kind, MediaType: "text/plain; charset=utf-8", Bytes: []byte(text)}, err
	}
	var out []evidence.Text
	for _, m := range g.messages {
		text, err := said(m.kind, "text", m.id, m.text)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	text, err := said(evidence.Answer, "answer", g.ID, g.answer)
	return append(out, text), err
}

// Stands reports whether a yes stands now for exactly this citizen, version of the draft and digest of the terms.
func (g *Given) Stands(citizen uuid.UUID, version int, digest []byte, now time.Time) bool {
	return g.ID != uuid.Nil && g.Citizen == citizen && g.version == version && len(digest) == 32 && bytes.Equal(g.digest, digest) && now.Before(g.expires)
}

// Use queues that the yes is used by the mandate that the act signs: nothing else will use it. The entry mandate.signed names it: its detail has
// "consent" with the id (the database refuses the act otherwise).
func (g *Given) Use(tx *journal.Tx, mandate uuid.UUID) {
	tx.Queue(`update consent set state = 'used', ended_at = $2, mandate_id = $3 where id = $1 and state = 'yes'`, g.ID, tx.Now, mandate)
}
