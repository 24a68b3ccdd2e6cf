package mandate

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/jobs"
	"mandat/internal/journal"
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

// event is the entry of the signature.
func (s *signing) event(d *draft.Held) journal.Event {
	m, format := s.mandate, journal.TimeText
	e := signed{Draft: m.Draft.String(), Version: d.Version, Days: m.Days, StartsAt: format(m.StartsAt), EndsAt: format(m.EndsAt), IdentifiedBy: m.IdentifiedBy, IdentifiedAt: format(m.IdentifiedAt), ConsentBy: m.ConsentBy,
		SignedWith: m.SignedWith, FactorAt: format(s.factorAt()), Evidence: s.evidence, Catalogue: m.Catalogue, Terms: hex.EncodeToString(m.TermsDigest), Scheduled: m.State == Scheduled,
		Payments: d.Terms.Payments, BankDetails: d.Terms.BankDetails, Mails: d.Terms.Tell, Superseded: taken(s.earlier, m.SignedAt)}
	if m.Witness != uuid.Nil {
		e.Witness, e.WitnessedAt, e.Attested = m.Witness.String(), format(d.WitnessedAt), hex.EncodeToString(d.Attested)
	}
	if m.ConsentBy == ConsentSMS {
		e.Consent = s.sms.ID.String()
	}
	if m.Renews != uuid.Nil {
		e.Renews = m.Renews.String()
	}
	if m.Transfers != uuid.Nil {
		e.Transfers = m.Transfers.String()
	}
	for _, p := range m.Powers {
		e.Powers = append(e.Powers, given{p.Procedure, p.Case, string(p.Level), format(p.EndsAt)})
	}
	return journal.Event{Action: "mandate.signed", Citizen: m.Citizen, Mandate: m.ID, Detail: e}
}

// insert queues the rows of a mandate and of its powers.
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
