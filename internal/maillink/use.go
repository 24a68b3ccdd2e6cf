package maillink

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/session"
	"mandat/internal/token"
)

// Look says what the browser may do with a link, and changes nothing: nil, ErrElsewhere or ErrOver. at is nil for a browser
// without a session.
func (l *Links) Look(ctx context.Context, at *session.Session, secret string) error {
	var mine bool
	var owner []byte
	if at != nil {
		owner = at.Hash
	}
	err := l.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select session_id is not distinct from $2 from maillink where token_hash = $1 and expires_at > $3`,
			token.Hash(secret), owner, l.clock.Now()).Scan(&mine)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrOver
	case err != nil:
		return fmt.Errorf("look at a link: %w", err)
	case !mine:
		return ErrElsewhere
	}
	return nil
}

// Use takes a link away and notes in the browser's session, whose secret changes, that the person has given their first
// factor. The result is for session.Carry. It returns ErrElsewhere or ErrOver, and db.ErrConflict when somebody has signed
// in there meanwhile.
func (l *Links) Use(ctx context.Context, at *session.Session, secret string) (session.Opened, error) {
	if at == nil {
		return session.Opened{}, l.refusal(ctx, at, secret)
	}
	var opened session.Opened
	err := l.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		var person uuid.UUID
		err := tx.QueryRow(ctx, `delete from maillink where token_hash = $1 and session_id = $2 and expires_at > $3 returning person_id`,
			token.Hash(secret), at.Hash, l.clock.Now()).Scan(&person)
		if err != nil {
			return err
		}
		opened, err = l.sessions.Half(ctx, tx, at, person)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return session.Opened{}, l.refusal(ctx, at, secret)
	}
	if err != nil {
		return session.Opened{}, fmt.Errorf("use a link: %w", err)
	}
	return opened, nil
}

// refusal says why a link was not taken.
func (l *Links) refusal(ctx context.Context, at *session.Session, secret string) error {
	if err := l.Look(ctx, at, secret); err != nil {
		return err
	}
	return ErrOver // it was there a moment ago: somebody was faster
}
