package credential

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// BeginSignature returns what a browser needs to have terms signed by one of the actor's keys (PublicKeyCredentialRequestOptionsJSON under
// "publicKey"); digest is the SHA-256 of the exact terms. What the key signs is evidence.Challenge over that digest and 32 random bytes,
// which are kept for the answer: it counts in this session, for one act, for five minutes. ErrNoFactor when the actor has no key that counts: they
// confirm with a code; ErrReset while all their factors are about to be removed, which they can stop.
func (r *Register) BeginSignature(ctx context.Context, by journal.Actor, digest []byte) ([]byte, error) {
	nonce := token.Bytes(evidence.NonceSize)
	options, asked, err := r.beginAssertion(ctx, by.Person, webauthn.WithChallenge(evidence.Challenge(nonce, digest)))
	if err != nil {
		return nil, err
	}
	reset := &pgx.Batch{}
	going := askGoing(reset, by.Person)
	if err := r.db.Ask(ctx, db.Nothing(), reset); err != nil {
		return nil, fmt.Errorf("ask for a signature: %w", err)
	}
	if *going {
		return nil, ErrReset
	}
	if err := r.keepData(ctx, by.Session, question{person: by.Person, purpose: sign}, asked.Challenge, nonce); err != nil {
		return nil, fmt.Errorf("ask for a signature: %w", err)
	}
	return json.Marshal(options)
}

// askGoing queues the question whether two people have decided that all factors of a person go. To ask alone changes nothing.
func askGoing(b *pgx.Batch, person uuid.UUID) *bool {
	going := new(bool)
	b.Queue(`select exists (select from credential_reset where person_id = $1 and state = 'approved')`, person).QueryRow(func(row pgx.Row) error { return row.Scan(going) })
	return going
}

// Signing is a signature under way: the answer of a browser, and what the act's first statements found to it.
type Signing struct {
	r      *Register
	by     journal.Actor
	answer *protocol.ParsedCredentialAssertionData // nil: it cannot be read

	nonce  []byte // nil: nothing was asked of this person in this session whose answer this could be
	asked  time.Time
	keys   []key // the one that answered, if it is the actor's
	going  *bool
	copied bool
}

// Sign queues, among the first statements of the act that it signs, what the answer to BeginSignature is checked against, and locks the key: last,
// as every act locks a person before their keys. The answer, an AuthenticationResponseJSON, is spent if the act is done.
func (r *Register) Sign(b *pgx.Batch, by journal.Actor, answer []byte) *Signing {
	s := &Signing{r: r, by: by}
	if len(answer) > answerMax {
		return s
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return s
	}
	s.answer = parsed
	b.Queue(`delete from credential_challenge where id = $1 and session_id = $2 and purpose = $3 and person_id = $4 returning data, created_at`,
		token.Hash(parsed.Response.CollectedClientData.Challenge), by.Session, sign, by.Person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&s.nonce, &s.asked)
		}
		return rows.Err()
	})
	b.Queue(`select `+keyColumns+` from credential_passkey where person_id = $1 and credential_id = $2 for no key update`, by.Person, parsed.RawID).Query(func(rows pgx.Rows) error {
		s.keys, err = pgx.CollectRows(rows, scanKey)
		return err
	})
	s.going = askGoing(b, by.Person)
	return s
}

// Check checks the answer inside the act, against the SHA-256 of the terms as they are now. It counts as a second factor that the actor has given at
// this instant. Errors: ErrWrong (not of this person, not asked in this session, used, or more than five minutes ago, or not well signed); ErrTerms
// when the terms are not those that were signed; ErrReset; ErrCloned, after which Settle has something to do.
func (s *Signing) Check(tx *journal.Tx, digest []byte) (Signature, error) {
	switch {
	case s.answer == nil || s.nonce == nil || len(s.keys) == 0 || tx.By.Person != s.by.Person || tx.Now.Sub(s.asked) > challengeLife:
		return Signature{}, ErrWrong
	case *s.going:
		return Signature{}, ErrReset
	}
	challenge := base64.RawURLEncoding.EncodeToString(evidence.Challenge(s.nonce, digest))
	if s.answer.Response.CollectedClientData.Challenge != challenge {
		return Signature{}, ErrTerms
	}
	k := s.keys[0]
	asked := webauthn.SessionData{Challenge: challenge, RelyingPartyID: s.r.webauthn.Config.RPID, UserID: s.by.Person[:], UserVerification: protocol.VerificationRequired}
	used, err := s.r.webauthn.ValidateLogin(&account{person: s.by.Person, keys: s.keys}, asked, s.answer)
	switch {
	case err != nil:
		return Signature{}, ErrWrong
	case k.cloned:
		return Signature{}, ErrCloned
	case used.Authenticator.CloneWarning && s.asked.Before(k.used):
		return Signature{}, ErrWrong // the answer to an older question, sent late: its counter may well be the older one
	case used.Authenticator.CloneWarning:
		s.copied = true
		return Signature{}, ErrCloned
	}
	tx.Queue(`update credential_passkey set sign_count = $2, backed_up = $3, used_at = $4 where id = $1`, k.id, int64(used.Authenticator.SignCount), used.Flags.BackupState, tx.Now)
	return s.made(k, digest, tx.Now), nil
}

// Settle does after the act what its error asks for, nil or not, and returns it: a key of which there may be a copy counts no more, and its
// person is told. It is an act of its own: the one that was to be signed left no trace.
func (r *Register) Settle(ctx context.Context, s *Signing, err error) error {
	if s == nil || !s.copied || !errors.Is(err, ErrCloned) {
		return err
	}
	if done := r.cloned(ctx, s.by.Person, s.keys[0].id); !errors.Is(done, ErrCloned) {
		return errors.Join(err, done)
	}
	return err
}
