// Package mandate is what a citizen grants and what follows from it. It owns the tables mandate_draft, mandate,
// mandate_power and mandate_handover.
//
// A mandate says: this organisation may do these procedures for this citizen until that date. It is drawn up as a Draft
// (terms, then the citizen's identity from FranceConnect), becomes a Mandate when it is signed, and gives one Power for
// each procedure. A power is scheduled, standing or ended; expired is not a state but a matter of the clock: a standing
// power past its end gives nothing, and the next act that meets it ends it.
//
// One act is one file: draft.go, identify.go, sign.go, end.go, handover.go, mayact.go. What the journal says of them is compared with
// what the tables say in compare.go.
package mandate

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/procedure"
)

// How long things hold.
const (
	DraftLife    = 4 * time.Hour    // a draft, from its start
	IdentityLife = 10 * time.Minute // FranceConnect's identification, until the signature
	FactorLife   = 15 * time.Minute // the aidant's second factor, until the signature
)

// The refusals that callers tell apart. db.ErrNotFound stands for what is not there or another organisation's.
var (
	ErrTerms          = errors.New("the terms of the mandate are incomplete")
	ErrMinor          = errors.New("the citizen is not certainly of age")
	ErrDraftState     = errors.New("the draft is not in the state for this")
	ErrNotAgreed      = errors.New("the agreement was not ticked")
	ErrIdentityTooOld = errors.New("the identification is too old")
	ErrFactorTooOld   = org.ErrFactorTooOld // the aidant's second factor
	ErrOtherBrowser   = errors.New("the identification was made in another browser session")
	ErrAlreadySigned  = errors.New("the draft is signed already")
	ErrEnded          = errors.New("the mandate has ended already")
	ErrReason         = errors.New("not a reason to end a mandate")
	ErrNoPower        = errors.New("no power stands for this")

	ErrProcedureNotAllowed = errors.New("the organisation does not do this procedure, or not by this aidant") // NotAllowedError says which
)

// NotAllowedError is ErrProcedureNotAllowed with the procedures, keys of the catalogue.
type NotAllowedError struct{ Procedures []string }

// Error returns the text of ErrProcedureNotAllowed.
func (e *NotAllowedError) Error() string { return ErrProcedureNotAllowed.Error() }

// Unwrap returns ErrProcedureNotAllowed.
func (e *NotAllowedError) Unwrap() error { return ErrProcedureNotAllowed }

// allowed returns a *NotAllowedError unless the person who acts may do all of the procedures for the organisation.
func allowed(o *org.Organisation, procedures []string) error {
	var not []string
	for _, p := range procedures {
		if !o.Allows(p) {
			not = append(not, p)
		}
	}
	if not != nil {
		return &NotAllowedError{not}
	}
	return nil
}

// The states of mandates and powers.
const (
	Scheduled = "scheduled"
	Standing  = "standing"
	Ended     = "ended"
)

// Mandate is a signed mandate.
type Mandate struct {
	ID, Organisation, Citizen, Draft, Person uuid.UUID
	State                                    string
	Days                                     int
	IdentifiedAt, SignedAt, EndsAt           time.Time
	EndedAt                                  *time.Time
	EndReason                                string
	Catalogue                                string // version of the procedure catalogue
	Terms                                    FrozenTerms
	TermsDigest                              []byte // SHA-256 of the terms as they were sealed; stands in the entry
	Powers                                   []Power
	Identity                                 citizen.Identity
}

// StandsAt reports whether the mandate gives anything at t.
func (m Mandate) StandsAt(t time.Time) bool { return m.State == Standing && t.Before(m.EndsAt) }

// Power is one procedure that a mandate gives, for one case or ("") for every case.
type Power struct {
	Mandate, Organisation, Citizen uuid.UUID
	Procedure, Case, State         string
	StartsAt, EndsAt               time.Time
	EndedAt                        *time.Time
	EndReason                      string
}

// StandsAt reports whether the power gives anything at t.
func (p Power) StandsAt(t time.Time) bool {
	return p.State == Standing && !t.Before(p.StartsAt) && t.Before(p.EndsAt)
}

// Register draws up, signs, ends and finds mandates.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	citizens  *citizen.Register
	catalogue *procedure.Catalogue
	keys      *envelope.Keys
	clock     *clock.Clock
	tell      func(tx *db.Tx, now time.Time, m org.Message) error // nil tells nobody
}

// New returns the register of mandates kept in this database. It tells nobody anything (see Telling).
func New(d *db.DB, j *journal.Journal, citizens *citizen.Register, catalogue *procedure.Catalogue, keys *envelope.Keys, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, citizens: citizens, catalogue: catalogue, keys: keys, clock: c}
}
