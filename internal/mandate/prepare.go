package mandate

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/terms"
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

// PrepareConsent returns what the citizen of a draft of the actor's own is asked by SMS, without the number: for somebody whom the organisation knows and the
// aidant has recognised. Errors: ErrOtherCitizen as Gave, draft.ErrState for any other draft, and those of Sign that do not come from the recap.
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
		if err := s.since(); err != nil {
			return err
		}
		if err := r.drafts.Open(d); err != nil {
			return err
		}
		if err := r.gave(ctx, tx, &d.Draft); err != nil {
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
	f, err := s.freeze(d, nil, now)
	if err != nil {
		return consent.Request{}, err
	}
	_, digest, err := f.Encode()
	q := consent.Request{Draft: d.ID, Version: d.Version, Digest: digest, Begun: d.CreatedAt, Until: d.ExpiresAt, Citizen: s.known.ID, EndsAt: f.EndsAt, Lang: lang}
	for _, p := range f.Procedures {
		if err != nil {
			break
		}
		var said string
		said, err = inShort(p, f, lang)
		q.Procedures = append(q.Procedures, said)
	}
	return q, err
}
