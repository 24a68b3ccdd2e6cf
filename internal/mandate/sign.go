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

	"mandat/internal/citizen"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// signed is what the entry of a signature says; docs/journal.md lists it.
type signed struct {
	Draft        string       `json:"draft"`
	Procedures   []string     `json:"procedures"`
	Days         int          `json:"days"`
	EndsAt       string       `json:"ends_at"`
	IdentifiedBy string       `json:"identified_by"`
	IdentifiedAt string       `json:"identified_at"`
	FactorAt     string       `json:"factor_at"`
	Catalogue    string       `json:"catalogue"`
	Terms        string       `json:"terms_sha256"`
	Superseded   []superseded `json:"superseded,omitempty"`
}

// superseded is an earlier power that this signature ended.
type superseded struct {
	Mandate   string `json:"mandate"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Reason    string `json:"reason"` // superseded, or expired when its time was over already
}

// Sign makes the draft a mandate. The citizen agrees by their identification for this very draft, at most IdentityLife
// ago and in this browser session, and by the box ticked on the recap; the aidant by a second factor at most FactorLife
// ago. The organisation's earlier powers for the same citizen and procedures are superseded in the same act.
//
// Errors: ErrNotAgreed, ErrIdentityTooOld, ErrFactorTooOld, ErrOtherBrowser, ErrDraftState, org.ErrMayNot,
// db.ErrNotFound. A draft that is signed already returns its mandate and ErrAlreadySigned.
func (r *Register) Sign(ctx context.Context, by journal.Actor, draft uuid.UUID, agreed bool) (Mandate, error) {
	seen, err := r.readDraft(ctx, by, draft)
	if err != nil {
		return Mandate{}, err
	}
	if seen.State == DraftSigned {
		return r.alreadySigned(ctx, by, seen.Mandate)
	}
	if seen.State != DraftIdentified {
		return Mandate{}, ErrDraftState
	}
	if !agreed {
		return Mandate{}, ErrNotAgreed
	}
	opened, err := r.openDraft(seen)
	if err != nil {
		return Mandate{}, fmt.Errorf("sign: %w", err)
	}
	s := &signing{r: r, by: by, seen: seen, identity: *opened.Identity}
	err = r.journal.RecordAfter(ctx, by, s.first(), s.act)
	switch {
	case errors.Is(err, ErrAlreadySigned):
		return r.alreadySigned(ctx, by, s.twin)
	case err != nil:
		return Mandate{}, fmt.Errorf("sign draft %s: %w", draft, err)
	}
	return s.mandate, nil
}

func (r *Register) alreadySigned(ctx context.Context, by journal.Actor, id uuid.UUID) (Mandate, error) {
	m, err := r.Find(ctx, by, id)
	if err != nil {
		return Mandate{}, err
	}
	return m, ErrAlreadySigned
}

// signing is one signature under way.
type signing struct {
	r        *Register
	by       journal.Actor
	seen     *draftRow // as read before the locks
	identity citizen.Identity

	mayAct       func() error
	lookup       func(time.Time) (*draftRow, error)
	known        *citizen.Sealed
	organisation org.Organisation
	earlier      []Power

	mandate Mandate
	twin    uuid.UUID // the mandate another signature of this draft made
}

// first locks, in this order: the person against suspension, the draft, the citizen. Then it reads what the act needs.
func (s *signing) first() *pgx.Batch {
	b := &pgx.Batch{}
	s.mayAct = org.MayAct(b, s.by)
	s.lookup = lockDraft(b, s.by, s.seen.ID)
	s.known = citizen.Lock(b, s.by.Organisation, s.seen.subIndex)
	s.organisation.Read(b, s.by.Organisation)
	b.Queue(`select `+powerColumns+` from mandate_power p where p.organisation_id = $1
		and p.citizen_id = (select id from citizen where organisation_id = $1 and sub_index = $2) and p.procedure = any ($3) and p.state = 'standing' order by p.mandate_id, p.procedure`,
		s.by.Organisation, s.seen.subIndex, s.seen.Procedures).Query(func(rows pgx.Rows) error {
		var err error
		s.earlier, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	return b
}

func (s *signing) act(tx *journal.Tx) (journal.Event, error) {
	if err := s.mayAct(); err != nil {
		return journal.Event{}, err
	}
	d, err := s.lookup(tx.Now)
	if err != nil {
		if d != nil {
			s.twin = d.Mandate
		}
		return journal.Event{}, err
	}
	if err := s.check(d, tx); err != nil {
		return journal.Event{}, err
	}
	if err := s.write(tx, d); err != nil {
		return journal.Event{}, err
	}
	return s.event(), nil
}

// check asks whether both have agreed, to this draft as it is now.
func (s *signing) check(d *draftRow, tx *journal.Tx) error {
	switch {
	case d.State != DraftIdentified || !bytes.Equal(d.subIndex, s.seen.subIndex) || !d.IdentifiedAt.Equal(s.seen.IdentifiedAt):
		return ErrDraftState // changed since it was read
	case len(s.by.Session) == 0 || !bytes.Equal(d.identifiedS, s.by.Session):
		return ErrOtherBrowser
	case tx.Now.Sub(d.IdentifiedAt) > IdentityLife:
		return ErrIdentityTooOld
	case tx.Now.Sub(s.by.FactorAt) > FactorLife:
		return ErrFactorTooOld
	case !s.identity.AdultAt(tx.Now):
		return ErrMinor
	}
	s.seen = d
	return nil
}

func (s *signing) write(tx *journal.Tx, d *draftRow) error {
	who, err := s.r.citizens.Save(tx, s.known, citizen.Fresh{Owner: *d.subject, Organisation: d.Organisation, Index: d.subIndex,
		DataKey: d.dataKey, Sealed: d.sealed, Identity: s.identity, IdentifiedAt: d.IdentifiedAt})
	if err != nil {
		return err
	}
	m := Mandate{ID: token.ID(), Organisation: d.Organisation, Citizen: who, Draft: d.ID, Person: d.Person, State: Standing, Days: d.Days, IdentifiedAt: d.IdentifiedAt,
		SignedAt: tx.Now, Catalogue: s.r.catalogue.Version(), Identity: s.identity}
	m.Terms = s.r.freeze(d, s.organisation, s.identity, tx.Now)
	m.EndsAt = m.Terms.EndsAt
	plain, digest, err := m.Terms.encode()
	if err != nil {
		return err
	}
	key, err := s.r.keyFor(d, s.known)
	if err != nil {
		return err
	}
	m.TermsDigest = digest
	s.supersede(tx, d)
	tx.Queue(`insert into mandate (id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms, terms_digest)
		values ($1, $2, $3, $4, $5, 'standing', 'franceconnect', $6, $7, $8, $9, $10, $11, $12)`,
		m.ID, m.Organisation, m.Citizen, m.Draft, m.Person, m.IdentifiedAt, m.SignedAt, m.Days, m.EndsAt, m.Catalogue, key.Seal(termsPurpose, plain), digest)
	tx.Queue(`insert into mandate_power (mandate_id, procedure, organisation_id, citizen_id, state, identified_by, starts_at, ends_at)
		select $1, unnest($2::text[]), $3, $4, 'standing', 'franceconnect', $5, $6`, m.ID, d.Procedures, m.Organisation, m.Citizen, m.SignedAt, m.EndsAt)
	tx.Queue(`update mandate_draft set state = 'signed', mandate_id = $2,`+noIdentity+` where id = $1`, d.ID, m.ID)
	for _, p := range d.Procedures {
		m.Powers = append(m.Powers, Power{Mandate: m.ID, Organisation: m.Organisation, Citizen: m.Citizen, Procedure: p, State: Standing, StartsAt: m.SignedAt, EndsAt: m.EndsAt})
	}
	s.mandate = m
	return nil
}

// supersede ends the earlier powers, and the mandates that have none left.
func (s *signing) supersede(tx *journal.Tx, d *draftRow) {
	if len(s.earlier) == 0 {
		return
	}
	mandates := make([]uuid.UUID, len(s.earlier))
	for i, p := range s.earlier {
		mandates[i] = p.Mandate
	}
	tx.Queue(`update mandate_power set state = 'ended', ended_at = least(ends_at, $4), end_reason = case when ends_at <= $4 then 'expired' else 'superseded' end
		where organisation_id = $1 and mandate_id = any ($2) and procedure = any ($3) and state = 'standing'`, d.Organisation, mandates, d.Procedures, tx.Now)
	tx.Queue(`update mandate m set state = 'ended', ended_at = least(ends_at, $3), end_reason = case when ends_at <= $3 then 'expired' else 'superseded' end
		where organisation_id = $1 and id = any ($2) and state = 'standing' and not exists (select from mandate_power p where p.mandate_id = m.id and p.state <> 'ended')`, d.Organisation, mandates, tx.Now)
}

func (s *signing) event() journal.Event {
	m, format := s.mandate, func(t time.Time) string { return t.UTC().Format(journal.TimeFormat) }
	e := signed{Draft: m.Draft.String(), Procedures: s.seen.Procedures, Days: m.Days, EndsAt: format(m.EndsAt), IdentifiedBy: "franceconnect", IdentifiedAt: format(m.IdentifiedAt),
		FactorAt: format(s.by.FactorAt), Catalogue: m.Catalogue, Terms: hex.EncodeToString(m.TermsDigest)}
	for _, p := range s.earlier {
		reason := "superseded"
		if !m.SignedAt.Before(p.EndsAt) {
			reason = "expired"
		}
		e.Superseded = append(e.Superseded, superseded{p.Mandate.String(), p.Procedure, p.Case, reason})
	}
	return journal.Event{Action: "mandate.signed", Citizen: m.Citizen, Mandate: m.ID, Detail: e}
}
