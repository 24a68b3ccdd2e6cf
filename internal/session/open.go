package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// Ensure returns the browser's session, and gives it an empty one if it has none.
func (s *Sessions) Ensure(w http.ResponseWriter, r *http.Request) (*Session, error) {
	if found, err := s.read(r); err != nil || found != nil {
		return found, err
	}
	now := s.clock.Now()
	secret, hash := token.New()
	out := &Session{Hash: token.Bytes(32), cookie: hash, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(Absolute), standing: true}
	err := s.db.Write(r.Context(), db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(r.Context(), `insert into session (id, cookie, created_at, seen_at, expires_at) values ($1, $2, $3, $3, $4)`, out.Hash, out.cookie, now, out.ExpiresAt)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	return out, s.write(w, r, secret, out)
}

// SignedIn says who signed in.
type SignedIn struct {
	Person, Organisation uuid.UUID // Organisation is nil for auditors
	Role                 string
	FactorAt             time.Time
}

// Open replaces a browser's session by a new one in which somebody is signed in, and returns its secret for Carry. The
// old row goes, with every attempt bound to it, in the same statement; db.ErrConflict when it had gone already.
func (s *Sessions) Open(ctx context.Context, tx *journal.Tx, old *Session, who SignedIn) (string, error) {
	secret, hash := token.New()
	var organisation *uuid.UUID
	if who.Organisation != uuid.Nil {
		organisation = &who.Organisation
	}
	done, err := tx.Exec(ctx, `with gone as (delete from session where cookie = $1 returning id)
		insert into session (id, cookie, person_id, organisation_id, role, factor_at, created_at, seen_at, expires_at)
		select $2, $3, $4, $5, $6, $7, $8, $8, $9 from gone`,
		old.cookie, token.Bytes(32), hash, who.Person, organisation, who.Role, who.FactorAt, tx.Now, tx.Now.Add(Absolute))
	if err != nil {
		return "", fmt.Errorf("open session: %w", err)
	}
	if done.RowsAffected() != 1 {
		return "", db.ErrConflict
	}
	return secret, nil
}

// StepUp notes a new second factor and changes the session's secret, which it returns for Carry. What is bound to the
// session stays bound. It does not lengthen the session. db.ErrConflict when the session has gone or changed hands.
func (s *Sessions) StepUp(ctx context.Context, tx *journal.Tx, old *Session, factorAt time.Time) (string, error) {
	secret, hash := token.New()
	done, err := tx.Exec(ctx, `update session set cookie = $3, factor_at = $4, seen_at = greatest(seen_at, $5) where cookie = $1 and person_id = $2`,
		old.cookie, old.Person, hash, factorAt, tx.Now)
	if err != nil {
		return "", fmt.Errorf("step up session: %w", err)
	}
	if done.RowsAffected() != 1 {
		return "", db.ErrConflict
	}
	return secret, nil
}

// Carry gives the browser the secret of its new session, after the act that made it.
func (s *Sessions) Carry(w http.ResponseWriter, r *http.Request, secret string) error {
	return s.write(w, r, secret, nil)
}

// Close ends a session inside the act that says so; db.ErrConflict when it had ended already.
func (s *Sessions) Close(ctx context.Context, tx *journal.Tx, old *Session) error {
	done, err := tx.Exec(ctx, `delete from session where cookie = $1`, old.cookie)
	if err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	if done.RowsAffected() != 1 {
		return db.ErrConflict
	}
	return nil
}

// Forget takes the cookie away from the browser.
func (s *Sessions) Forget(w http.ResponseWriter, r *http.Request) error {
	return s.write(w, r, "", nil)
}
