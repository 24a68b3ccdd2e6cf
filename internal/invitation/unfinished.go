package invitation

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Unfinished finds the person who accepted by a link without ProConnect, as long as the link's time is not over: the browser may have been
// closed before they had a second factor, and nothing else would lead them back. Whoever has one by now, the caller refuses. It returns
// db.ErrNotFound for any other link.
func (r *Register) Unfinished(ctx context.Context, secret string) (Invitation, uuid.UUID, error) {
	link := token.Hash(secret)
	i, err := r.find(ctx, `i.token_hash = $1 and i.state = 'accepted' and i.expires_at > $2 and o.active is not false and `+vouched, link, r.clock.Now())
	if err != nil {
		return i, uuid.Nil, err
	}
	i.Link = link
	var person uuid.UUID
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select person_id from invitation where id = $1`, i.ID).Scan(&person)
	})
	return i, person, found("find who accepted", err)
}
