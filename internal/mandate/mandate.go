// Package mandate is what a citizen grants, how it is agreed to and used, and how it ends. It owns the tables mandate, mandate_power and
// mandate_evidence; what an organisation has under way is package caseload's.
//
// A mandate says: this organisation may do these procedures for this citizen until that date. It is drawn up as a draft
// (package draft), becomes a Mandate when it is signed, and gives one Power for each procedure and case. A power is scheduled, standing
// or ended; expired is not a state but a matter of the clock: a standing power past its end gives nothing, and the next act
// that meets it ends it. A scheduled power gives nothing either, until StartDue has made it stand.
//
//	prepare.go, witness.go      what is asked before a signature: of the aidant's key, of the citizen by SMS, of a second colleague
//	proposal.go                 what would be signed now, as the citizen is shown it
//	sign.go                     the signature: it asks for a proof (proof.go), freezes the terms (freeze.go), writes rows and entry (signed.go, supersede.go) and keeps
//	                            evidence (evidence.go);
//	                            namesake.go is for a citizen whom nobody knows yet, since.go for one of whom something ended meanwhile
//	renew.go, transfer.go       a mandate that renews another one, or takes the place of another organisation's
//	start.go, end.go, tell.go   its first day, its end or a power's, and that the citizen is told; others.go what ends with it; lasts.go until when it gives anything
//	suspend.go                  that auditors suspend one, and lift that
//	mayact.go                   the rule: whether a power stands, asked by whatever uses it
//	consult.go, find.go         what is read of one mandate, each time with its entry; paper.go for who holds its paper, cases.go the files it is for,
//	                            words.go for addresses that say nothing of whom was looked for
//	replay.go, compare.go       what the entries say was done, and what the tables say; the other *_compare.go of its evidence, proofs and transfers
package mandate

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// How long things hold.
const (
	IdentityLife   = 10 * time.Minute // FranceConnect's identification, until the signature
	AttestedLife   = 2 * time.Hour    // any other, which waits for a colleague or for an answer
	FactorLife     = org.FactorLife   // the aidant's second factor, until the signature
	RenewableAfter = 365 * 24 * time.Hour
)

// IdentityLifeOf is how long an identification holds until the signature.
func IdentityLifeOf(by string) time.Duration {
	if by == draft.ByFranceConnect {
		return IdentityLife
	}
	return AttestedLife
}

// The refusals that callers tell apart, beside those of package draft. db.ErrNotFound stands for what is not there or another organisation's.
var (
	ErrNotAgreed      = errors.New("the agreement was not ticked")
	ErrNoProof        = errors.New("no proof of the agreement that the aidant cannot make alone")
	ErrIdentityTooOld = errors.New("the identification is too old")
	ErrFactorTooOld   = org.ErrFactorTooOld // the aidant's second factor
	ErrOtherBrowser   = errors.New("the identification was made in another browser session")
	ErrEnded          = errors.New("the mandate has ended already")
	ErrNotRenewable   = errors.New("the mandate cannot be renewed")
	ErrReason         = errors.New("not a reason to end a mandate")
	ErrNoPower        = errors.New("no power stands for this")
	ErrOffer          = errors.New("nobody was shown the paper of this mandate in this session, or too long ago")
	ErrOwn            = errors.New("the mandate is the organisation's own: it is renewed, not transferred")
	ErrOtherCitizen   = errors.New("the citizen is not who gave the mandate that would be renewed or transferred")
)

// What proves the agreement.
const (
	ConsentFranceConnect = "franceconnect" // the citizen identified themselves for this very draft
	ConsentColleague     = "colleague"     // a second colleague heard it
	ConsentSMS           = "sms"           // they answered from a number verified earlier
)

// How the aidant committed themselves.
const (
	WithPasskey = "passkey" // signed the terms
	WithCode    = "code"    // confirmed with a second factor, which signs nothing
)

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
	Days                                     int // 0 when the last day was chosen
	IdentifiedBy, ConsentBy                  string
	SignedWith                               string // "" before there was a difference
	Witness, Renews, Transfers               uuid.UUID
	IdentifiedAt, SignedAt, StartsAt, EndsAt time.Time  // it starts when it is signed, or later
	LastsUntil                               *time.Time // nil: until EndsAt (see Until)
	EndedAt                                  *time.Time
	EndReason                                string
	Catalogue                                string // version of the procedure catalogue
	Terms                                    terms.Frozen
	TermsDigest                              []byte // SHA-256 of the terms as they were sealed; stands in the entry
	Powers                                   []Power
	Identity                                 citizen.Identity
}

// StandsAt reports whether the mandate gives anything at t.
func (m Mandate) StandsAt(t time.Time) bool { return m.State == Standing && t.Before(m.Until()) }

// ComesAt reports whether the mandate is still to begin at t.
func (m Mandate) ComesAt(t time.Time) bool { return m.State == Scheduled && t.Before(m.Until()) }

// Power is one procedure that a mandate gives, for one case or ("") for every case.
type Power struct {
	Mandate, Organisation, Citizen uuid.UUID
	Procedure, Case, State         string // Case is the hash of the file's reference (draft.Register.CaseRef)
	Level                          procedure.Level
	IdentifiedBy                   string // of the citizen, for its mandate
	StartsAt, EndsAt               time.Time
	EndedAt                        *time.Time
	EndReason                      string
	SuspendedAt                    *time.Time // nil: it is not
}

// StandsAt reports whether the power gives anything at t.
func (p Power) StandsAt(t time.Time) bool {
	return p.State == Standing && p.SuspendedAt == nil && !t.Before(p.StartsAt) && t.Before(p.EndsAt)
}

// Register draws up, signs, ends and finds mandates.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	citizens  *citizen.Register
	drafts    *draft.Register
	factors   *credential.Register // nil: nobody signs with a passkey
	catalogue *procedure.Catalogue
	keys      *envelope.Keys
	clock     *clock.Clock
	tell      func(tx *db.Tx, now time.Time, m org.Message) error // nil tells nobody
	closing   func(tx *db.Tx, now time.Time, mandate uuid.UUID)   // nil closes nothing
}

// New returns the register of mandates kept in this database. It tells nobody anything (see Telling).
func New(d *db.DB, j *journal.Journal, citizens *citizen.Register, drafts *draft.Register, factors *credential.Register, catalogue *procedure.Catalogue, keys *envelope.Keys, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, citizens: citizens, drafts: drafts, factors: factors, catalogue: catalogue, keys: keys, clock: c}
}
