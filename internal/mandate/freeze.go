package mandate

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/terms"
)

// signed is what the entry of a signature says; docs/journal.md lists it.
type signed struct {
	Draft        string       `json:"draft"`
	Version      int          `json:"version"` // of the draft: what draft.identified and draft.witnessed say of it
	Powers       []given      `json:"powers"`
	Days         int          `json:"days,omitempty"`
	Scheduled    bool         `json:"scheduled,omitempty"` // it begins when mandate.started says so
	StartsAt     string       `json:"starts_at"`
	EndsAt       string       `json:"ends_at"`
	IdentifiedBy string       `json:"identified_by"`
	IdentifiedAt string       `json:"identified_at"`
	ConsentBy    string       `json:"consent_by"`
	Consent      string       `json:"consent,omitempty"` // the id of the answer by SMS
	Witness      string       `json:"witness,omitempty"`
	WitnessedAt  string       `json:"witnessed_at,omitempty"`
	Attested     string       `json:"witnessed_sha256,omitempty"` // of the terms that the witness was shown
	SignedWith   string       `json:"signed_with"`
	FactorAt     string       `json:"factor_at"`
	Payments     bool         `json:"payments,omitempty"`
	BankDetails  bool         `json:"bank_details,omitempty"`
	Mails        bool         `json:"mails"`
	Catalogue    string       `json:"catalogue"`
	Terms        string       `json:"terms_sha256"`
	Evidence     string       `json:"evidence_sha256"`
	Renews       string       `json:"renews,omitempty"`
	Transfers    string       `json:"transfers,omitempty"` // the mandate of another organisation that ends with it
	Superseded   []superseded `json:"superseded,omitempty"`
}

// given is one power of a signature.
type given struct {
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Level     string `json:"level"`
	EndsAt    string `json:"ends_at"`
}

// superseded is an earlier power that this act ended.
type superseded struct {
	Mandate   string `json:"mandate"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Reason    string `json:"reason"` // superseded, or expired when its time was over already
}

// taken lists the powers whose place others take at a time.
func taken(earlier []Power, at time.Time) []superseded {
	var out []superseded
	for _, p := range earlier {
		reason := "superseded"
		if !at.Before(p.EndsAt) {
			reason = "expired"
		}
		out = append(out, superseded{p.Mandate.String(), p.Procedure, p.Case, reason})
	}
	return out
}

// freeze puts what is agreed, and how, into the words of today. On the same day it gives the same bytes, with the draft's salt.
func (s *signing) freeze(d *draft.Held, how *terms.Agreement, now time.Time) terms.Frozen {
	o, informed := s.organisation, d.InformedAt
	f := terms.Frozen{Version: 2, Salt: d.Salt, Citizen: *d.Identity, Catalogue: s.r.catalogue.Version(),
		Organisation: terms.Party{Name: o.Name, SIRET: o.SIRET, Address: o.Address, Postcode: o.Postcode, City: o.City, Phone: o.Phone, Email: o.Email},
		Days:         d.Terms.Days, IdentifiedBy: d.IdentifiedBy, IdentifiedAt: d.IdentifiedAt, ConsentBy: s.consent, NoProtection: informed, Informed: informed,
		Mails: d.Terms.Tell, Agreement: how, Transfers: d.Transfers}
	f.Citizen.Sub, f.Citizen.Email = "", "" // the document needs neither
	if d.Terms.From.After(s.today) {
		f.StartsAt = d.Terms.Span(now, terms.MaxDays).From
	}
	for when, yes := range map[*time.Time]bool{&f.Payments: d.Terms.Payments, &f.BankDetails: d.Terms.BankDetails, &f.Warned: d.Terms.Warned} {
		if yes {
			*when = informed
		}
	}
	for _, asked := range d.Terms.Powers {
		p, _ := s.r.catalogue.Find(asked.Procedure)
		until := d.Terms.Span(now, p.MaxDays).Until
		if until.After(f.EndsAt) {
			f.EndsAt = until
		}
		f.Procedures = append(f.Procedures, terms.Power{Key: asked.Procedure, Theme: p.Theme, Name: p.Name, Body: p.Body, Warning: p.Warning, Site: p.Site, Level: asked.Level, Case: asked.Case, EndsAt: until})
	}
	return f
}

// show writes what the citizen is shown of frozen terms, which name it from then on.
func (s *signing) show(f *terms.Frozen) (err error) {
	if s.shown, err = terms.Recap(*f); err != nil {
		return err
	}
	for _, text := range s.shown {
		f.Shown = append(f.Shown, text.Shown())
	}
	return nil
}

// supersede ends powers whose place others take, and the mandates of which nothing is left that lasts. Rows are named by their primary key, of which
// the lock of the citizen has kept everybody else away since they were read.
func supersede(tx *journal.Tx, earlier []Power) {
	var mandates []uuid.UUID
	for _, p := range earlier {
		tx.Queue(`update mandate_power set state = 'ended', ended_at = least(ends_at, $4), end_reason = case when ends_at <= $4 then 'expired' else 'superseded' end
			where mandate_id = $1 and procedure = $2 and case_ref = $3 and state <> 'ended'`, p.Mandate, p.Procedure, p.Case, tx.Now)
		if !slices.Contains(mandates, p.Mandate) {
			mandates = append(mandates, p.Mandate)
		}
	}
	for _, mandate := range mandates {
		conclude(tx, mandate)
	}
}

func (s *signing) insert(tx *journal.Tx, sealed []byte) {
	m := s.mandate
	var starts *time.Time
	if m.State == Scheduled {
		starts = &m.StartsAt
	}
	tx.Queue(`insert into mandate (id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms, terms_digest, starts_at, consent_by,
		witness_id, signed_with, renews, transfers) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		m.ID, m.Organisation, m.Citizen, m.Draft, m.Person, m.State, m.IdentifiedBy, m.IdentifiedAt, m.SignedAt, db.OrNull(m.Days), m.EndsAt, m.Catalogue, sealed, m.TermsDigest,
		starts, m.ConsentBy, db.OrNull(m.Witness), m.SignedWith, db.OrNull(m.Renews), db.OrNull(m.Transfers))
	var procedures, cases, levels []string
	var ends []time.Time
	for _, p := range m.Powers {
		procedures, cases, levels, ends = append(procedures, p.Procedure), append(cases, p.Case), append(levels, string(p.Level)), append(ends, p.EndsAt)
	}
	tx.Queue(`insert into mandate_power (mandate_id, procedure, case_ref, level, organisation_id, citizen_id, state, identified_by, starts_at, ends_at)
		select $1, k.p, k.c, k.l, $2, $3, $4, $5, $6, k.e from unnest($7::text[], $8::text[], $9::text[], $10::timestamptz[]) k (p, c, l, e)`,
		m.ID, m.Organisation, m.Citizen, m.State, m.IdentifiedBy, m.StartsAt, procedures, cases, levels, ends)
	if m.Transfers != uuid.Nil && m.State == Standing {
		jobs.Enqueue(tx.Tx, TransferJob, m.ID)
	}
}
