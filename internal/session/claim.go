package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Claim is what a browser says of its session: the SHA-256 of the secret in its cookie, nil without one. A session is found
// by it (session.cookie), or there is none. It is for statements that ask for the session themselves, together with what
// they are about.
func (s *Sessions) Claim(r *http.Request) []byte {
	cookie, err := r.Cookie(s.store.name)
	if err != nil || len(cookie.Value) != secretLength {
		return nil
	}
	return token.Hash(cookie.Value)
}

// secretLength is that of a cookie's value (see token.New).
const secretLength = 43

// Of is the scope of the organisation for which the session of a claim is.
func Of(claim []byte) db.Scope {
	return db.OrganisationOf(`select organisation_id::text from session where cookie = $1`, claim)
}

// BrowserWith is the guard Browser for a handler that knows what it will ask: the queries of more travel with the reading
// of the session, in the scope of its organisation. They are not run for a browser without a claim, and their results are
// not read when it has no session.
func (s *Sessions) BrowserWith(w http.ResponseWriter, r *http.Request, more *pgx.Batch) (*http.Request, error) {
	claim := s.Claim(r)
	if claim == nil {
		return r, nil
	}
	at, err := s.load(r.Context(), claim, more)
	if errors.Is(err, db.ErrNotFound) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if !at.standing {
		return r, s.expel(w, r, at)
	}
	return r.WithContext(known(r.Context(), at)), nil
}

// Seen notes the use of a session that a statement has found, as a guard does: seenAt is what stands in its row.
func (s *Sessions) Seen(ctx context.Context, claim []byte, seenAt time.Time) error {
	return s.touch(ctx, claim, seenAt, s.clock.Now())
}
