package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/token"
)

// Claim is what a browser says of its session: the SHA-256 of the secret in its cookie, nil without one; at an address that
// names an organisation, the SHA-256 of that and the organisation's public id (16 bytes). A session is found by it
// (session.cookie), or there is none: who has a session for one organisation has none for another by changing the address. It is
// for statements that ask for the session themselves, together with what they are about.
func (s *Sessions) Claim(r *http.Request) []byte {
	return claimFor(s.plainClaim(r), page.Organisation(r.Context()))
}

// plainClaim is the claim at addresses that name no organisation.
func (s *Sessions) plainClaim(r *http.Request) []byte {
	cookie, err := r.Cookie(s.store.name)
	if err != nil || len(cookie.Value) != secretLength {
		return nil
	}
	return token.Hash(cookie.Value)
}

// claimFor is the claim for an organisation of a plain one; cookieOf says the same in SQL.
func claimFor(plain []byte, organisation uuid.UUID) []byte {
	if plain == nil || organisation == uuid.Nil {
		return plain
	}
	h := sha256.New()
	_, _ = h.Write(plain) // cannot fail
	_, _ = h.Write(organisation[:])
	return h.Sum(nil)
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
	if err := s.renewGrown(w, r, at); err != nil {
		return r, err
	}
	return r.WithContext(known(r.Context(), at)), nil
}

// Seen notes the use of a session that a statement has found, as a guard does: seenAt is what stands in its row.
func (s *Sessions) Seen(ctx context.Context, claim []byte, seenAt time.Time) error {
	return s.touch(ctx, claim, seenAt, s.clock.Now())
}

// Beside returns the session of the same browser that has an id: a journey may leave from the pages of one organisation and
// come back to an address that names none. It returns db.ErrNotFound when there is none, or it no longer counts.
func (s *Sessions) Beside(ctx context.Context, at *Session, id []byte) (*Session, error) {
	var claim []byte
	batch := &pgx.Batch{}
	batch.Queue(`select cookie from session where id = $1 and browser = $2`, id, at.Browser).QueryRow(func(row pgx.Row) error { return row.Scan(&claim) })
	if err := s.db.Ask(ctx, db.Nothing(), batch); errors.Is(err, pgx.ErrNoRows) {
		return nil, db.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	out, err := s.load(ctx, claim, nil)
	if err == nil && !out.standing {
		return nil, db.ErrNotFound
	}
	return out, err
}

// Still returns the session that has an id (Session.Hash), for what was begun in it and goes on in somebody else's browser: on the phone of
// a citizen. That is no use of the session, and does not lengthen it. It returns db.ErrNotFound when there is none, or it no longer counts.
func (s *Sessions) Still(ctx context.Context, id []byte) (*Session, error) {
	var claim []byte
	batch := &pgx.Batch{}
	batch.Queue(`select cookie from session where id = $1`, id).QueryRow(func(row pgx.Row) error { return row.Scan(&claim) })
	if err := s.db.Ask(ctx, db.Nothing(), batch); errors.Is(err, pgx.ErrNoRows) {
		return nil, db.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	out, err := s.find(ctx, claim, nil, s.clock.Now())
	if err == nil && !out.standing {
		return nil, db.ErrNotFound
	}
	return out, err
}
