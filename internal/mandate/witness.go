package mandate

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
)

// ErrOtherTerms says that what would be signed or attested now is not what was shown: midnight moves the last day.
var ErrOtherTerms = errors.New("the terms are not those that were shown")

// ErrAttested says that the second colleague attested other terms than would be signed now: midnight has moved the last day, or the organisation's address has
// changed. The citizen is to be identified again, and the colleague asked for these.
var ErrAttested = errors.New("the second colleague attested other terms")

// ErrWitnessGone says that the second colleague is no aidant of the organisation any more, or was suspended: their word, which waits two hours at most, is worth nothing
// since then. That a certificate ran out in between takes nothing from it.
var ErrWitnessGone = errors.New("the second colleague may not act for the organisation any more")

// attestation is the detail of the entries about a second colleague; docs/journal.md lists them.
type attestation struct {
	Draft   string `json:"draft"`
	Version int    `json:"version"`
	Method  string `json:"method,omitempty"`
	Terms   string `json:"terms_sha256,omitempty"`
}

// Attested reports whether the second colleague of a draft of one's own attested the terms as they would be signed now for an organisation.
func (r *Register) Attested(d draft.Draft, o org.Organisation) bool {
	if d.Identity == nil {
		return false
	}
	now := r.clock.Now()
	s := &signing{r: r, organisation: o, today: terms.DayOf(now), consent: ConsentColleague}
	return s.attested(&draft.Held{Draft: d}, now) == nil
}

// attested returns ErrAttested unless the second colleague attested what is signed now.
func (s *signing) attested(d *draft.Held, now time.Time) error {
	digest, err := s.asked(d, now)
	if err == nil && (d.Witness == uuid.Nil || !bytes.Equal(digest, d.Attested)) {
		err = ErrAttested
	}
	return err
}

// witnessOf is the second colleague of a draft as somebody who is asked what they may.
func witnessOf(d *draft.Draft) journal.Actor {
	return journal.Actor{Kind: journal.Aidant, Person: d.Witness, Organisation: d.Organisation}
}

// WitnessStays reports whether the second colleague of a draft of the actor's organisation is still who may attest there (org.Reads), as Sign asks.
func (r *Register) WitnessStays(ctx context.Context, d draft.Draft) (bool, error) {
	b := &pgx.Batch{}
	mayRead := org.MayRead(b, witnessOf(&d))
	err := r.db.Read(ctx, db.InOrganisation(d.Organisation), func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
	if err != nil {
		return false, fmt.Errorf("ask about the second colleague of draft %s: %w", d.ID, err)
	}
	return mayRead() == nil, nil
}

// stays returns ErrWitnessGone unless the second colleague still is who may attest. Their rows are locked after the aidant's own.
func (s *signing) stays(ctx context.Context, tx *db.Tx, d *draft.Held) error {
	b := &pgx.Batch{}
	reads := org.MayEnd(b, witnessOf(&d.Draft))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if reads() != nil {
		return ErrWitnessGone
	}
	return nil
}

// ForWitness finds a colleague's draft that waits for a second colleague, with who the citizen is, and the SHA-256 of its terms, for Witness. That it was
// shown is an entry. Errors: ErrOtherCitizen as Gave, draft.ErrWitness to who has the draft themselves, draft.ErrState when it does not wait, org.ErrMayNot, db.ErrNotFound.
func (r *Register) ForWitness(ctx context.Context, by journal.Actor, id uuid.UUID) (draft.Draft, []byte, error) {
	var out draft.Draft
	var digest []byte
	err := r.onWaiting(ctx, by, id, func(tx *journal.Tx, s *signing, d *draft.Held) (journal.Event, error) {
		err := draft.KeepSalt(tx.Tx, d)
		if err == nil {
			digest, err = s.asked(d, tx.Now)
		}
		out = d.Draft
		return journal.Event{Action: "draft.identity_shown", Detail: attestation{Draft: id.String(), Version: d.Version}}, err
	})
	if err != nil {
		return draft.Draft{}, nil, fmt.Errorf("show a draft to a second colleague: %w", err)
	}
	return out, digest, nil
}

// Witness is the second colleague's word, in their own session and with a second factor of at most org.FactorLife ago: they are in the room, see the same person and,
// when one is used, the same document, and heard them agree to these terms. version and digest are what ForWitness showed them: another version is refused with
// draft.ErrState, and ErrOtherTerms says that the terms would be others by now. Errors: draft.ErrWitness for who has the draft themselves, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Witness(ctx context.Context, by journal.Actor, id uuid.UUID, version int, digest []byte) error {
	err := r.onWaiting(ctx, by, id, func(tx *journal.Tx, s *signing, d *draft.Held) (journal.Event, error) {
		if d.Version != version || d.Salt == "" {
			return journal.Event{}, draft.ErrState
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		now, err := s.asked(d, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		if !bytes.Equal(now, digest) {
			return journal.Event{}, ErrOtherTerms
		}
		draft.Attest(tx, d, digest)
		return journal.Event{Action: "draft.witnessed", Detail: attestation{id.String(), version, d.IdentifiedBy, hex.EncodeToString(digest)}}, nil
	})
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

// onWaiting runs an act of a second colleague on a draft that waits for one, locked and opened.
func (r *Register) onWaiting(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *signing, *draft.Held) (journal.Event, error)) error {
	s := &signing{r: r, by: by, consent: ConsentColleague, today: terms.DayOf(r.clock.Now())}
	b := &pgx.Batch{}
	s.mayAct = org.MayActFor(b, by, &s.organisation)
	s.lookup = draft.Lock(b, by, id)
	return r.journal.RecordAfter(ctx, by, b, func(tx *journal.Tx) (journal.Event, error) {
		if err := s.mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		d, err := s.lookup(tx.Now)
		switch {
		case err != nil:
			return journal.Event{}, err
		case d.Person == by.Person:
			return journal.Event{}, draft.ErrWitness
		case d.State != draft.Identified || d.IdentifiedBy == draft.ByFranceConnect || d.Witness != uuid.Nil:
			return journal.Event{}, draft.ErrState
		}
		if err := r.drafts.Open(d); err != nil {
			return journal.Event{}, err
		}
		if err := r.gave(ctx, tx.Tx, &d.Draft); err != nil {
			return journal.Event{}, err
		}
		return f(tx, s, d)
	})
}
