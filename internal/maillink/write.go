package maillink

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Write makes the secret of a link for the mail that is about to be sent, and stores its hash. A mail that is sent again
// carries a new one, and the one before stops working. It returns db.ErrNotFound for a link that is over or for nobody.
func (l *Links) Write(ctx context.Context, id uuid.UUID) (string, error) {
	secret, hash := token.New()
	err := l.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update maillink set token_hash = $2 where id = $1 and person_id is not null and expires_at > $3 returning id`,
			id, hash, l.clock.Now()).Scan(&id)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", db.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("write a link: %w", err)
	}
	return secret, nil
}

// Purge deletes the links whose time is over.
func (l *Links) Purge(ctx context.Context) error {
	if _, err := l.db.Purge(ctx, db.Nothing(), `delete from maillink where id in (select id from maillink where expires_at < $1 limit $2)`, l.clock.Now()); err != nil {
		return fmt.Errorf("purge links: %w", err)
	}
	return nil
}
