package session

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// renewed changes the secret of a browser's sessions, and nothing else of them. Times of acts may lie a little before or after ours.
const renewed = `update session p set before = p.cookie, cookie = ` + cookieAgain + `, renewed_at = greatest($3, p.renewed_at,
		(select max(k.updated_at) from certification k where k.person_id = p.person_id),
		(select max(greatest(m.created_at, m.limited_at)) from membership m where m.organisation_id = p.organisation_id and m.person_id = p.person_id),
		(select o.limited_at from organisation o where o.id = p.organisation_id))
	where p.browser = (select browser from session where cookie = $1)`

// Renew gives a browser a new secret: before its person does what gives them more rights, or takes a factor of theirs away, and, by the
// guards, at the first page after somebody else has given them some. What is bound to the session stays bound; a copy of the cookie that
// was made before is worth nothing from then on. For the rest of the request r carries the new secret. It returns db.ErrConflict when the
// session has gone, or was renewed by another request.
func (s *Sessions) Renew(w http.ResponseWriter, r *http.Request, at *Session) error {
	secret, hash := token.New()
	err := s.db.Write(r.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		if _, err := tx.Exec(r.Context(), lockOfClaim, at.cookie); err != nil {
			return err
		}
		done, err := tx.Exec(r.Context(), renewed, at.cookie, hash, s.clock.Now())
		if err == nil && done.RowsAffected() == 0 {
			err = db.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	at.cookie, at.grown = hash, false
	if at.Addressed {
		at.cookie = claimFor(hash, at.PublicID)
	}
	s.present(r, secret)
	got, err := s.store.Get(r, s.store.nameFor(r))
	if err != nil {
		return err
	}
	got.ID = secret
	return got.Save(r, w)
}

// overlap is how long after a browser was given a new secret its requests may still come that it sent before.
const overlap = 30 * time.Second

// moved reports whether a request brought a secret that was replaced a moment ago: its browser has a session, and a new cookie would take it away.
func (s *Sessions) moved(r *http.Request) (moved bool, err error) {
	claim := s.plainClaim(r)
	if claim == nil {
		return false, nil
	}
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from session where before = $1 and coalesce(renewed_at, created_at) > $2)`, claim, s.clock.Now().Add(-overlap)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&moved) })
	if err := s.db.Ask(r.Context(), db.Nothing(), batch); err != nil {
		return false, fmt.Errorf("look for a session that has a new secret: %w", err)
	}
	return moved, nil
}

// present makes a request as if the browser had sent this secret.
func (s *Sessions) present(r *http.Request, secret string) {
	all := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range all {
		if c.Name == s.store.name {
			c.Value = secret
		}
		r.AddCookie(c)
	}
}

// renewGrown gives a browser whose person has more rights than before a new secret. Of two requests at once the other one may have done so.
func (s *Sessions) renewGrown(w http.ResponseWriter, r *http.Request, at *Session) error {
	if at == nil || !at.grown {
		return nil
	}
	if err := s.Renew(w, r, at); err != nil && !errors.Is(err, db.ErrConflict) {
		return err
	}
	return nil
}
