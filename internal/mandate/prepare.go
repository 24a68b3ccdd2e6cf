package mandate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
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
			err = s.check(ctx, tx, d, now)
		}
		if err != nil {
			return err
		}
		if err := draft.KeepSalt(tx, d); err != nil {
			return err
		}
		f, err := s.agreed(d, now)
		if err == nil {
			_, digest, err = f.Encode()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the signature of draft %s: %w", id, err)
	}
	return r.factors.BeginSignature(ctx, by, digest)
}

// ShownDigest is how a form says which texts it showed: the SHA-256 of their bytes, one after the other, in hexadecimal.
func ShownDigest(texts []evidence.Text) string {
	sum := sha256.New()
	for _, t := range texts {
		sum.Write(t.Bytes)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// agreed freezes the terms of a draft with all that was shown, said and drawn about them, or returns ErrOtherTerms when what would be shown now is not what was.
func (s *signing) agreed(d *draft.Held, now time.Time) (terms.Frozen, error) {
	f := s.freeze(d, s.agreement.How, now)
	if err := s.show(&f); err != nil {
		return f, err
	}
	if ShownDigest(s.shown) != s.agreement.Shown {
		return f, ErrOtherTerms
	}
	if d.Witness != uuid.Nil {
		f.Witness = &terms.Attested{Person: d.Witness, At: d.WitnessedAt.UTC()}
	}
	for _, text := range slices.Concat(s.said, s.agreement.How.Signature()) {
		f.Shown, s.shown = append(f.Shown, text.Shown()), append(s.shown, text)
	}
	return f, nil
}

// asked is the SHA-256 of what the citizen is asked by SMS, and a second colleague attests: the terms, without how they agree, which the answer says, and
// without the texts.
func (s *signing) asked(d *draft.Held, now time.Time) ([]byte, error) {
	_, digest, err := s.freeze(d, nil, now).Encode()
	return digest, err
}

// PrepareConsent returns what the citizen of a draft of the actor's own is asked by SMS, without the number: for somebody whom the organisation knows and the
// aidant has recognised. Errors: draft.ErrState for any other draft, and those of Sign that do not come from the recap.
func (r *Register) PrepareConsent(ctx context.Context, by journal.Actor, id uuid.UUID, lang string) (consent.Request, error) {
	s := &signing{r: r, by: by, today: terms.DayOf(r.clock.Now()), consent: ConsentSMS}
	var q consent.Request
	err := r.db.WriteAfter(ctx, db.InOrganisation(by.Organisation), db.Durable, s.first(id), func(tx *db.Tx) error {
		now := r.clock.Now()
		d, err := s.lookup(now)
		if err == nil {
			err = s.mayAct(now)
		}
		if err == nil {
			err = draft.Allowed(&s.organisation, d.Terms.Procedures())
		}
		switch {
		case err != nil:
			return err
		case d.Person != by.Person:
			return draft.ErrNotOwn
		case d.State != draft.Identified || d.IdentifiedBy != draft.ByAcquaintance || s.known.ID == uuid.Nil:
			return draft.ErrState
		case !slight(d):
			return ErrNoProof
		}
		if err := r.drafts.Open(d); err != nil {
			return err
		}
		if err := draft.KeepSalt(tx, d); err != nil {
			return err
		}
		q, err = s.request(d, now, lang)
		return err
	})
	if err != nil {
		return consent.Request{}, fmt.Errorf("prepare to ask about draft %s: %w", id, err)
	}
	return q, nil
}

func (s *signing) request(d *draft.Held, now time.Time, lang string) (consent.Request, error) {
	f := s.freeze(d, nil, now)
	_, digest, err := f.Encode()
	q := consent.Request{Draft: d.ID, Version: d.Version, Digest: digest, Begun: d.CreatedAt, Until: d.ExpiresAt, Citizen: s.known.ID, EndsAt: f.EndsAt, Lang: lang}
	for _, p := range f.Procedures {
		q.Procedures = append(q.Procedures, inShort(p, f, lang))
	}
	return q, err
}

// bind freezes the terms, and holds the aidant's signature to them when they sign.
func (s *signing) bind(tx *journal.Tx, d *draft.Held) (f terms.Frozen, plain, digest []byte, err error) {
	if d.Salt == "" { // nobody was asked anything about these terms
		d.Salt = token.Hex(32)
	}
	if f, err = s.agreed(d, tx.Now); err != nil {
		return f, nil, nil, err
	}
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
	if s.consent == ConsentSMS {
		f.Circumstances = s.sms.When
	}
	if s.passkey != nil {
		f.Assertion = new(s.signature.Evidence())
	} else {
		f.Confirmed = &evidence.Confirmed{Kind: s.agreement.Factor, At: s.by.FactorAt}
	}
	var err error
	s.evidence, err = keepEvidence(tx, key, &s.mandate, f)
	return err
}
