package clientauth

import (
	"context"
	"fmt"
	"strconv"

	"mandat/internal/db"
	"mandat/internal/token"
)

// first reports whether an assertion is presented for the first time. It is kept for as long as it would be good.
func (g *Gate) first(ctx context.Context, id string, a assertion) (bool, error) {
	hash := token.Hash(strconv.Itoa(len(id)) + ":" + id + a.ID)
	once := false
	err := g.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `insert into client_assertion (hash, expires_at) values ($1, $2) on conflict do nothing`, hash, a.Expiry.Add(skew))
		once = tag.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep assertion: %w", err)
	}
	return once, nil
}

// Purge forgets assertions that are good no longer.
func (g *Gate) Purge(ctx context.Context) error {
	_, err := g.db.Purge(ctx, db.System(), `delete from client_assertion where hash in (select hash from client_assertion where expires_at < $1 limit $2)`, g.clock.Now())
	if err != nil {
		return fmt.Errorf("purge assertions: %w", err)
	}
	return nil
}
