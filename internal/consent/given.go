package consent

import (
	"bytes"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// Given is what a citizen has answered about a draft, as an act that signs it has locked it. It is filled before the act's function runs.
type Given struct {
	ID, Citizen, Phone uuid.UUID // ID is nil when no yes stands
	AnsweredAt         time.Time
	version            int
	digest             []byte
	expires            time.Time
}

// Ask queues, with the first statements of an act that signs a draft and after the locks of draft and citizen, the question whether the citizen has
// said yes to it, and locks the answer: a no, a cancellation or an expiry that comes at the same time waits, or came first. Which version and which
// terms it is for is asked in the act, which has read the draft by then: Stands.
func Ask(b *pgx.Batch, organisation, draft uuid.UUID) *Given {
	g := &Given{}
	b.Queue(`select c.id, c.citizen_id, c.phone_id, c.draft_version, c.digest, c.answered_at, c.expires_at from consent c join phone p on p.id = c.phone_id
		where c.organisation_id = $1 and c.draft_id = $2 and c.state = 'yes' and p.state = 'verified' and p.citizen_id = c.citizen_id for update of c for share of p`, organisation, draft).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			if rows.Next() {
				return rows.Scan(&g.ID, &g.Citizen, &g.Phone, &g.version, &g.digest, &g.AnsweredAt, &g.expires)
			}
			return rows.Err()
		})
	return g
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
