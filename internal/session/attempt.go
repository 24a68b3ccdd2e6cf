package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Why an answer is refused.
var (
	ErrUsed         = errors.New("this answer was used already, or is not ours")
	ErrOtherBrowser = errors.New("this answer belongs to another browser")
	ErrTooLate      = errors.New("this answer came too late")
)

// AttemptLife is how long a provider's answer is waited for.
const AttemptLife = 10 * time.Minute

// Kind says what an attempt is for.
type Kind string

// The kinds of attempts.
const (
	SignIn      Kind = "sign_in"      // to ProConnect, nobody signed in
	Invitation  Kind = "invitation"   // to ProConnect, by somebody who accepts an invitation
	StepUp      Kind = "step_up"      // to ProConnect, for a new second factor of the same person
	Identity    Kind = "identity"     // to FranceConnect, for the citizen of a draft
	IdentityEnd Kind = "identity_end" // to FranceConnect's sign-out, after that
)

// Attempt is a journey to a provider. It is bound to one session, and used by one answer in the same browser: the address to which
// providers answer names no organisation, so the answer may come by another session of it.
type Attempt struct {
	Kind       Kind
	Nonce      string    // expected in the ID token
	Verifier   string    // PKCE, "" without
	Person     uuid.UUID // who is signed in, nil for SignIn and Invitation
	Draft      uuid.UUID // for Identity and IdentityEnd
	Citizen    uuid.UUID // for whom the factor of a StepUp is asked, nil for nobody in particular
	Invitation uuid.UUID // for Invitation
	Link       []byte    // for Invitation: SHA-256 of the secret in the link that was shown
	ReturnPath string    // where to go afterwards, a local path
	Session    []byte    // the session it left from, of the browser that came back (see Sessions.Beside); set by Arrive
	CreatedAt  time.Time
}

// Depart stores an attempt bound to the session and returns its state: 32 random bytes in hexadecimal, of which only the
// hash is kept.
func (s *Sessions) Depart(ctx context.Context, from *Session, a Attempt) (string, error) {
	state, now := token.Hex(32), s.clock.Now()
	err := s.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into session_attempt (state, kind, session_id, nonce, verifier, person_id, draft_id, invitation_id, invitation_hash, citizen_id, return_path, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			token.Hash(state), a.Kind, from.Hash, a.Nonce, a.Verifier, db.OrNull(a.Person), db.OrNull(a.Draft), db.OrNull(a.Invitation), a.Link, db.OrNull(a.Citizen), a.ReturnPath, now, now.Add(AttemptLife))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("depart: %w", err)
	}
	return state, nil
}

// arrived notes too that the browser which left for ProConnect is back from there: it may be signed in there from now on, whatever comes of
// the answer here.
const arrived = `with used as (delete from session_attempt where state = $1 and kind = any($2) returning *),
	held as (select b.browser from used u join session o on o.id = u.session_id join session b on b.browser = o.browser and not b.addressed
		where u.kind in ('sign_in', 'invitation', 'step_up') for update of b),
	passed as (update session s set proconnect = true from held where s.browser = held.browser and not s.proconnect)
	select kind, session_id, (select browser from session s where s.id = session_id), nonce, verifier, person_id, draft_id, invitation_id, invitation_hash, citizen_id, return_path,
		created_at, expires_at from used`

// Arrive uses up the attempt of a state, whoever presents it: a state seen in a second browser is spoilt. It returns
// ErrUsed, ErrOtherBrowser or ErrTooLate when the answer must not be followed. at is nil for a browser without session.
func (s *Sessions) Arrive(ctx context.Context, at *Session, state string, kinds ...Kind) (Attempt, error) {
	if len(state) != 64 {
		return Attempt{}, ErrUsed
	}
	var a Attempt
	var owner []byte
	var draft, person, invitation, citizen *uuid.UUID
	var expires time.Time
	err := s.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, arrived, token.Hash(state), kinds).
			Scan(&a.Kind, &a.Session, &owner, &a.Nonce, &a.Verifier, &person, &draft, &invitation, &a.Link, &citizen, &a.ReturnPath, &a.CreatedAt, &expires)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Attempt{}, ErrUsed
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("arrive: %w", err)
	}
	if at == nil || !bytes.Equal(owner, at.Browser) {
		return Attempt{}, ErrOtherBrowser
	}
	if !s.clock.Now().Before(expires) {
		return Attempt{}, ErrTooLate
	}
	a.Draft, a.Person, a.Invitation, a.Citizen = db.OrZero(draft), db.OrZero(person), db.OrZero(invitation), db.OrZero(citizen)
	return a, nil
}
