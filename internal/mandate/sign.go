package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/terms"
	"mandat/internal/token"
)

// Agreement is what came back from the recap.
type Agreement struct {
	Ticked  bool             // the citizen agrees
	Version int              // of the draft that was shown
	Shown   string           // what was shown: ShownDigest of the texts of Proposal
	How     *terms.Agreement // how they came to agree
	Factor  string           // the kind of the aidant's last second factor (evidence.Confirmed), when they do not sign
	Answer  []byte           // of the browser to PrepareSignature's question: the aidant signs with a passkey. nil: they confirm with a code
}

// Sign makes the draft a mandate. The citizen agrees by the box ticked on the recap, and by a proof that the aidant cannot make alone: their own
// identification at FranceConnect for this very draft, at most IdentityLife ago and in this browser session; or a second colleague's
// word; or an answer by SMS from a number verified earlier. The aidant signs the terms with a passkey, or confirms them by a second factor at most FactorLife ago. The organisation's earlier powers for the same citizen, procedures and
// cases are superseded in the same act, or, when this mandate begins on a later day, when it begins.
//
// Errors: ErrNotAgreed, ErrNotAlone, ErrNoProof, ErrAttested, ErrWitnessGone, ErrOtherTerms, ErrRefused, ErrIdentityTooOld, ErrEndedSince, ErrDeath, ErrFactorTooOld, ErrOtherBrowser, ErrOtherCitizen, ErrNotRenewable, draft.ErrWider, draft.ErrState, draft.ErrNotOwn,
// *draft.NotAllowedError, *draft.TooLowError, org.ErrMayNot, db.ErrNotFound. A draft that is signed already returns its mandate and draft.ErrSigned.
func (r *Register) Sign(ctx context.Context, by journal.Actor, id uuid.UUID, a Agreement) (Mandate, error) {
	s := &signing{r: r, by: by, agreement: a, today: terms.DayOf(r.clock.Now())}
	err := r.journal.RecordAfter(ctx, by, s.first(id), func(tx *journal.Tx) (journal.Event, error) { return s.act(ctx, tx) })
	if s.passkey != nil {
		err = r.factors.Settle(ctx, s.passkey, err)
	}
	switch {
	case errors.Is(err, draft.ErrSigned):
		return r.alreadySigned(ctx, by, s.twin)
	case err != nil:
		return Mandate{}, fmt.Errorf("sign draft %s: %w", id, citizen.Taken(err))
	}
	return s.mandate, nil
}

func (r *Register) alreadySigned(ctx context.Context, by journal.Actor, id uuid.UUID) (Mandate, error) {
	m, err := r.Consult(ctx, by, id, PageMandate)
	if err != nil {
		return Mandate{}, err
	}
	return m, draft.ErrSigned
}

// signing is one signature under way.
type signing struct {
	r         *Register
	by        journal.Actor
	agreement Agreement
	today     time.Time // decides whether the mandate begins at once

	mayAct       func(time.Time) error
	lookup       func(time.Time) (*draft.Held, error)
	known        *citizen.Sealed
	organisation org.Organisation
	earlier      []Power
	endedFor     string // why something of the citizen's ended after they were identified for this draft
	alone        bool   // the citizen has to be asked alone

	passkey   *credential.Signing // nil: confirmed with a code
	signature credential.Signature
	consent   string
	sms       *consent.Given  // what the citizen answered, when that is the proof
	said      []evidence.Text // what they were sent, and answered
	shown     []evidence.Text
	evidence  string // SHA-256 of the file
	mandate   Mandate
	twin      uuid.UUID // the mandate another signature of this draft made
}

// indexOfDraft is the citizen of a draft, in the statements after the one that locks it.
const indexOfDraft = `(select sub_index from mandate_draft where id = $1)`

// The powers that the draft takes the place of have the same key, and stand or should have begun by now ($4); or are scheduled, when it begins after the day $3. Each of the two is asked with
// the state in its text, or its partial index would not be used. Their rows are found by queries that give one value each: a join could be planned from the wrong end.
const (
	keysOfDraft    = `any ((select array(select a || ' ' || b from unnest(d.procedures, d.case_refs) k (a, b)) from mandate_draft d where d.id = $1)::text[])`
	laterDraft     = `(select coalesce(from_on > $3::date, false) from mandate_draft where id = $1)`
	citizenOfDraft = `(select id from citizen where organisation_id = $2 and sub_index = ` + indexOfDraft + `)`
	sameKeys       = `p.organisation_id = $2 and p.citizen_id = ` + citizenOfDraft + `
		and p.procedure = any ((select procedures from mandate_draft where id = $1)::text[]) and p.procedure || ' ' || p.case_ref = ` + keysOfDraft
	earlierPowers = `select ` + powerColumns + ` from mandate_power p where ` + sameKeys + ` and p.state = 'standing' and not ` + laterDraft + `
		union all select ` + powerColumns + ` from mandate_power p where ` + sameKeys + ` and p.state = 'scheduled' and (` + laterDraft + ` or p.starts_at <= $4::timestamptz) union all ` + overSince + ` order by 1, 4, 5`
)

// first locks, in this order: the person against suspension, the draft, the citizen. Then it reads what the act needs: the
// powers that the draft takes the place of, and what has ended since (since.go).
func (s *signing) first(id uuid.UUID) *pgx.Batch {
	b := &pgx.Batch{}
	s.mayAct = org.MayActFor(b, s.by, &s.organisation)
	s.lookup = draft.Lock(b, s.by, id)
	s.known = citizen.Lock(b, s.by.Organisation, indexOfDraft, id)
	b.Queue(earlierPowers, id, s.by.Organisation, s.today, s.r.clock.Now()).Query(func(rows pgx.Rows) error {
		read, err := pgx.CollectRows(rows, scanPower)
		s.tellApart(read)
		return err
	})
	s.askAlone(b, id)
	if s.agreement.Answer != nil && s.r.factors != nil {
		s.passkey = s.r.factors.Sign(b, s.by, s.agreement.Answer)
	}
	return b
}

func (s *signing) act(ctx context.Context, tx *journal.Tx) (journal.Event, error) {
	d, err := s.lookup(tx.Now)
	if err != nil {
		if d != nil {
			s.twin = d.Mandate
		}
		return journal.Event{}, err
	}
	if err := s.mayAct(tx.Now); err != nil {
		return journal.Event{}, err
	}
	if err := s.check(ctx, tx.Tx, d, tx.Now); err != nil {
		return journal.Event{}, err
	}
	if err := s.write(tx, d); err != nil {
		return journal.Event{}, err
	}
	return s.event(d), nil
}

// check asks everything of the draft but what the aidant signs.
func (s *signing) check(ctx context.Context, tx *db.Tx, d *draft.Held, now time.Time) error {
	switch {
	case d.Person != s.by.Person:
		return draft.ErrNotOwn
	case d.State != draft.Identified, s.agreement.Version != d.Version:
		return draft.ErrState
	}
	if err := draft.Allowed(&s.organisation, d.Terms.Procedures()); err != nil {
		return err
	}
	if err := s.r.drafts.Open(d); err != nil {
		return err
	}
	if err := s.r.drafts.High(d.Terms.Procedures(), d.IdentifiedBy); err != nil {
		return err
	}
	switch {
	case string(d.IdentifiedSession) != string(s.by.Session):
		return ErrOtherBrowser
	case now.Sub(d.IdentifiedAt) > IdentityLifeOf(d.IdentifiedBy):
		return ErrIdentityTooOld
	case s.passkey == nil && org.Fresh(s.by, now) != nil:
		return ErrFactorTooOld
	case !s.agreement.Ticked:
		return ErrNotAgreed
	case !d.Identity.AdultAt(now):
		return draft.ErrMinor
	}
	if err := s.since(); err != nil {
		return err
	}
	if err := s.proof(ctx, tx, d, now); err != nil {
		return err
	}
	if err := s.agreement.How.Check(); err != nil {
		return err
	}
	if !s.agreement.How.Private && (s.alone || s.consent == ConsentSMS) {
		return ErrNotAlone
	}
	if err := s.apart(ctx, tx, d); err != nil {
		return err
	}
	return s.covered(ctx, tx, d, now)
}

// proof finds what proves the agreement, or returns ErrNoProof. The table refuses the same.
func (s *signing) proof(ctx context.Context, tx *db.Tx, d *draft.Held, now time.Time) error {
	switch {
	case d.IdentifiedBy == draft.ByFranceConnect:
		s.consent = ConsentFranceConnect
		return nil
	case d.Witness != uuid.Nil:
		s.consent = ConsentColleague
		if err := s.attested(d, now); err != nil {
			return err
		}
		if err := s.stays(ctx, tx, d); err != nil {
			return err
		}
		return consent.SaidNo(ctx, tx, d.Organisation, d.ID)
	case d.IdentifiedBy != draft.ByAcquaintance: // a document counts once a second colleague has seen it
		return ErrNoProof
	}
	b := &pgx.Batch{}
	s.sms = consent.Ask(b, d.Organisation, d.ID)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	s.consent = ConsentSMS
	if !slight(d) {
		return ErrNoProof
	}
	digest, err := s.asked(d, now)
	if err != nil {
		return err
	}
	if !s.sms.Stands(s.known.ID, d.Version, digest, now) {
		return ErrNoProof
	}
	key, err := s.r.citizens.KeyOf(s.known)
	if err == nil {
		s.said, err = s.sms.Said(key)
	}
	return err
}

func (s *signing) write(tx *journal.Tx, d *draft.Held) error {
	saved, err := s.r.citizens.Save(tx, s.known, citizen.Fresh{Owner: d.Subject, Organisation: d.Organisation, Index: d.Index, IdentifiedBy: d.IdentifiedBy,
		DataKey: d.DataKey, Sealed: d.Sealed, Key: d.Key, Identity: *d.Identity, IdentifiedAt: d.IdentifiedAt})
	if err != nil {
		return err
	}
	who, key := saved.ID, saved.Key
	frozen, plain, digest, err := s.bind(tx, d)
	if err != nil {
		return err
	}
	m := Mandate{ID: token.ID(), Organisation: d.Organisation, Citizen: who, Draft: d.ID, Person: d.Person, State: Standing, Days: d.Terms.Days, IdentifiedBy: d.IdentifiedBy, IdentifiedAt: d.IdentifiedAt,
		ConsentBy: s.consent, SignedWith: s.signedWith(), Witness: d.Witness, Renews: d.Renews, Transfers: transferred(d.Transfers), SignedAt: tx.Now, StartsAt: d.Terms.Span(tx.Now, terms.MaxDays).From, EndsAt: frozen.EndsAt,
		Catalogue: frozen.Catalogue, Identity: *d.Identity, Terms: frozen, TermsDigest: digest}
	if d.Terms.From.After(s.today) {
		m.State = Scheduled
	}
	for i, p := range d.Terms.Powers {
		m.Powers = append(m.Powers, Power{Mandate: m.ID, Organisation: m.Organisation, Citizen: who, Procedure: p.Procedure, Case: d.CaseRefs[i], Level: p.Level, IdentifiedBy: m.IdentifiedBy, State: m.State,
			StartsAt: m.StartsAt, EndsAt: frozen.Procedures[i].EndsAt})
	}
	s.mandate = m
	s.r.supersede(tx, s.earlier)
	s.insert(tx, key.Seal(termsPurpose(m.ID), plain))
	if err := s.keep(tx, key, plain); err != nil {
		return err
	}
	draft.Close(tx, d.ID, m.ID)
	if s.consent == ConsentSMS {
		s.sms.Use(tx, m.ID)
	}
	if err := s.r.toldOfAddress(tx, saved, m.ID); err != nil {
		return err
	}
	s.r.citizens.SetMails(tx, who, d.Terms.Tell) // that it turns mails off is told all the same, in a last one (notify.Queue)
	return s.r.told(tx, "mandate_signed", m.Citizen, m.ID)
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
