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

// Agreement is what came back from the recap.
type Agreement struct {
	Ticked     bool      // the citizen agrees
	Identified time.Time // when the identity on the recap was told; the zero time asks for none in particular
}

// Sign makes the draft a mandate. The citizen agrees by their identification for this very draft, at most IdentityLife
// ago and in this browser session, and by the box ticked on the recap; the aidant by a second factor at most FactorLife
// ago. The organisation's earlier powers for the same citizen and procedures are superseded in the same act.
//
// Errors: ErrNotAgreed, ErrIdentityTooOld, ErrFactorTooOld, ErrOtherBrowser, ErrDraftState, *NotAllowedError,
// org.ErrMayNot, db.ErrNotFound. A draft that is signed already returns its mandate and ErrAlreadySigned.
func (r *Register) Sign(ctx context.Context, by journal.Actor, draft uuid.UUID, a Agreement) (Mandate, error) {
	s := &signing{r: r, by: by, agreement: a}
	err := r.journal.RecordAfter(ctx, by, s.first(draft), s.act)
	switch {
	case errors.Is(err, ErrAlreadySigned):
		return r.alreadySigned(ctx, by, s.twin)
	case err != nil:
		return Mandate{}, fmt.Errorf("sign draft %s: %w", draft, err)
	}
	return s.mandate, nil
}

func (r *Register) alreadySigned(ctx context.Context, by journal.Actor, id uuid.UUID) (Mandate, error) {
	m, err := r.Consult(ctx, by, id, PageMandate)
	if err != nil {
		return Mandate{}, err
	}
	return m, ErrAlreadySigned
}

// signing is one signature under way.
type signing struct {
	r         *Register
	by        journal.Actor
	agreement Agreement

	mayAct       func(time.Time) error
	lookup       func(time.Time) (*draftRow, error)
	known        *citizen.Sealed
	organisation org.Organisation
	earlier      []Power
	spared       map[uuid.UUID]bool // earlier mandates that keep other powers

	mandate Mandate
	twin    uuid.UUID // the mandate another signature of this draft made
}

// indexOfDraft is the citizen of a draft, in the statements after the one that locks it.
const indexOfDraft = `(select sub_index from mandate_draft where id = $1)`

// earlierPowers has its rows found by queries that give one value each: a join could be planned from the wrong end.
const earlierPowers = `select ` + powerColumns + `, coalesce((select true from mandate_power o where o.mandate_id = p.mandate_id and o.state <> 'ended'
		and not (o.state = 'standing' and o.procedure = any ((select procedures from mandate_draft where id = $1)::text[])) limit 1), false)
	from mandate_power p where p.organisation_id = $2 and p.citizen_id = (select id from citizen where organisation_id = $2 and sub_index = ` + indexOfDraft + `)
	and p.procedure = any ((select procedures from mandate_draft where id = $1)::text[]) and p.state = 'standing' order by p.mandate_id, p.procedure`

// first locks, in this order: the person against suspension, the draft, the citizen. Then it reads what the act needs: the
// powers that stand for what the draft asks, and whether their mandates have others.
func (s *signing) first(draft uuid.UUID) *pgx.Batch {
	b := &pgx.Batch{}
	s.mayAct = org.MayActFor(b, s.by, &s.organisation)
	s.lookup = lockDraft(b, s.by, draft)
	s.known = citizen.Lock(b, s.by.Organisation, indexOfDraft, draft)
	s.spared = map[uuid.UUID]bool{}
	b.Queue(earlierPowers, draft, s.by.Organisation).Query(func(rows pgx.Rows) error {
		var err error
		s.earlier, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Power, error) {
			var p Power
			var others bool
			err := row.Scan(append(p.fields(), &others)...)
			s.spared[p.Mandate] = others
			return p, err
		})
		return err
	})
	return b
}

func (s *signing) act(tx *journal.Tx) (journal.Event, error) {
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
	if d.State != DraftIdentified {
		return journal.Event{}, ErrDraftState
	}
	if err := allowed(&s.organisation, d.Procedures); err != nil {
		return journal.Event{}, err
	}
	if _, err := s.r.openDraft(d); err != nil {
		return journal.Event{}, err
	}
	if err := s.check(d, tx.Now); err != nil {
		return journal.Event{}, err
	}
	if err := s.write(tx, d); err != nil {
		return journal.Event{}, err
	}
	return s.event(d), nil
}

// check asks whether both have agreed, to this draft as it is now. The box comes last: on a recap that waits for something else there is none.
func (s *signing) check(d *draftRow, now time.Time) error {
	switch {
	case !s.agreement.Identified.IsZero() && !s.agreement.Identified.Equal(d.IdentifiedAt):
		return ErrDraftState // somebody else was identified since the recap was shown
	case len(s.by.Session) == 0 || !bytes.Equal(d.identifiedS, s.by.Session):
		return ErrOtherBrowser
	case now.Sub(d.IdentifiedAt) > IdentityLife:
		return ErrIdentityTooOld
	case now.Sub(s.by.FactorAt) > FactorLife:
		return ErrFactorTooOld
	case !s.agreement.Ticked:
		return ErrNotAgreed
	case !d.Identity.AdultAt(now):
		return ErrMinor
	}
	return nil
}

func (s *signing) write(tx *journal.Tx, d *draftRow) error {
	who, key, err := s.r.citizens.Save(tx, s.known, citizen.Fresh{Owner: *d.subject, Organisation: d.Organisation, Index: d.subIndex,
		DataKey: d.dataKey, Sealed: d.sealed, Key: d.key, Identity: *d.Identity, IdentifiedAt: d.IdentifiedAt})
	if err != nil {
		return err
	}
	m := Mandate{ID: token.ID(), Organisation: d.Organisation, Citizen: who, Draft: d.ID, Person: d.Person, State: Standing, Days: d.Days, IdentifiedAt: d.IdentifiedAt,
		SignedAt: tx.Now, Catalogue: s.r.catalogue.Version(), Identity: *d.Identity}
	m.Terms = s.r.freeze(d, s.organisation, *d.Identity, tx.Now)
	m.EndsAt = m.Terms.EndsAt
	plain, digest, err := m.Terms.encode()
	if err != nil {
		return err
	}
	m.TermsDigest = digest
	s.supersede(tx, d)
	tx.Queue(`insert into mandate (id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms, terms_digest)
		values ($1, $2, $3, $4, $5, 'standing', 'franceconnect', $6, $7, $8, $9, $10, $11, $12)`,
		m.ID, m.Organisation, m.Citizen, m.Draft, m.Person, m.IdentifiedAt, m.SignedAt, m.Days, m.EndsAt, m.Catalogue, key.Seal(termsPurpose(m.ID), plain), digest)
	tx.Queue(`insert into mandate_power (mandate_id, procedure, organisation_id, citizen_id, state, identified_by, starts_at, ends_at)
		select $1, unnest($2::text[]), $3, $4, 'standing', 'franceconnect', $5, $6`, m.ID, d.Procedures, m.Organisation, m.Citizen, m.SignedAt, m.EndsAt)
	tx.Queue(`update mandate_draft set state = 'signed', mandate_id = $2,`+noIdentity+` where id = $1`, d.ID, m.ID)
	for _, p := range d.Procedures {
		m.Powers = append(m.Powers, Power{Mandate: m.ID, Organisation: m.Organisation, Citizen: m.Citizen, Procedure: p, State: Standing, StartsAt: m.SignedAt, EndsAt: m.EndsAt})
	}
	s.mandate = m
	return s.r.told(tx, "mandate_signed", m.Citizen, m.ID)
}

// supersede ends the earlier powers, and the mandates that have none left. Rows are named by their primary key, of which
// the lock of the citizen has kept everybody else away since they were read.
func (s *signing) supersede(tx *journal.Tx, d *draftRow) {
	for mandate, spared := range s.spared {
		tx.Queue(`update mandate_power set state = 'ended', ended_at = least(ends_at, $3), end_reason = case when ends_at <= $3 then 'expired' else 'superseded' end
			where mandate_id = $1 and procedure = any ($2) and state = 'standing'`, mandate, d.Procedures, tx.Now)
		if !spared {
			tx.Queue(`update mandate set state = 'ended', ended_at = least(ends_at, $2), end_reason = case when ends_at <= $2 then 'expired' else 'superseded' end
				where id = $1 and state = 'standing'`, mandate, tx.Now)
		}
	}
}

func (s *signing) event(d *draftRow) journal.Event {
	m, format := s.mandate, func(t time.Time) string { return t.UTC().Format(journal.TimeFormat) }
	e := signed{Draft: m.Draft.String(), Procedures: d.Procedures, Days: m.Days, EndsAt: format(m.EndsAt), IdentifiedBy: "franceconnect", IdentifiedAt: format(m.IdentifiedAt),
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
