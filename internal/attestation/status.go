package attestation

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// newToken makes the token of a public address: 128 random bits, 22 characters of base64url. Half of what other secrets
// here have, because people may have to type it, and still beyond any search.
func newToken() string { return base64.RawURLEncoding.EncodeToString(token.Bytes(16)) }

// Status tells anybody who has the token of a public address whether the mandate stands now. It stands neither before its beginning nor after
// its end or its time. More is told to who has the paper (Check).
//
// A token that is unknown or malformed is answered like one of a mandate that has ended, by the same work: it is hashed
// whatever it is, one query returns one row, and each of its two tables is searched by its index once.
func (p *Press) Status(ctx context.Context, tok string) (standing bool, err error) {
	now := p.clock.Now()
	err = p.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from mandate_power p where p.mandate_id = m.id and p.state = 'standing' and p.suspended_at is null and p.starts_at <= $3 and p.ends_at > $3) from (select $1::bytea as hash) asked
			left join attestation_status s on s.token_hash = asked.hash left join mandate m on m.id = coalesce(s.mandate_id, $2)`,
			token.Hash(tok), uuid.Nil, now).Scan(&standing)
	})
	if err != nil {
		return false, fmt.Errorf("status of a mandate: %w", err)
	}
	return standing, nil
}
