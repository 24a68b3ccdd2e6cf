package mandate

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/envelope"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/terms"
	"mandat/internal/token"
)

// PrepareSignature returns what a browser needs to have the terms of a draft signed by one of the actor's passkeys, with the agreement as it is entered: the same has to
// come back with the answer. Errors: those of Sign, and of credential.Register.BeginSignature.
func (r *Register) PrepareSignature(ctx context.Context, by journal.Actor, id uuid.UUID, a Agreement) ([]byte, error) {
	s := &signing{r: r, by: by, agreement: a, today: terms.DayOf(r.clock.Now()), passkey: &credential.Signing{}}
	var digest []byte
	err := r.db.WriteAfter(ctx, db.InOrganisation(by.Organisation), db.Durable, s.first(id), func(tx *db.Tx) error {
		now := r.clock.Now()
		d, err := s.lookup(now)
		if err == nil {
			err = s.mayAct(now)
		}
		if err == nil {
			err = s.check(d, now)
		}
		if err != nil {
			return err
		}
		asked := draft.Signing{Salt: hex.EncodeToString(token.Bytes(32)), At: now}
		if _, digest, err = s.freeze(d, now, asked.Salt).Encode(); err != nil {
			return err
		}
		return draft.KeepSigning(tx, d, asked)
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the signature of draft %s: %w", id, err)
	}
	return r.factors.BeginSignature(ctx, by, digest)
}

// terms freezes the terms, and holds the aidant's signature to them when they sign.
func (s *signing) terms(tx *journal.Tx, d *draft.Held) (f terms.Frozen, plain, digest []byte, err error) {
	salt := hex.EncodeToString(token.Bytes(32))
	if s.passkey != nil && d.Signing.Salt != "" {
		salt = d.Signing.Salt
	}
	f = s.freeze(d, tx.Now, salt)
	if plain, digest, err = f.Encode(); err != nil {
		return f, nil, nil, err
	}
	f.SignedAt = tx.Now
	if s.passkey != nil {
		if s.signature, err = s.passkey.Check(tx, digest); err != nil {
			return f, nil, nil, err
		}
		if !s.signature.Of(s.by.Person, digest) {
			return f, nil, nil, credential.ErrTerms
		}
	}
	return f, plain, digest, nil
}

func (s *signing) signedWith() string {
	if s.passkey != nil {
		return WithPasskey
	}
	return WithCode
}

// factorAt is when the aidant gave the second factor that counts for the act.
func (s *signing) factorAt() time.Time {
	if s.passkey != nil {
		return s.signature.At()
	}
	return s.by.FactorAt
}

// keep keeps what shows later what was told and signed.
func (s *signing) keep(tx *journal.Tx, key *envelope.DataKey, plain []byte) error {
	f := evidence.File{Terms: plain, Texts: s.shown}
	if s.passkey != nil {
		f.Assertion = new(s.signature.Evidence())
	} else {
		f.Confirmed = &evidence.Confirmed{Kind: s.agreement.Factor, At: s.by.FactorAt}
	}
	var err error
	s.evidence, err = keepEvidence(tx, key, &s.mandate, f)
	return err
}
