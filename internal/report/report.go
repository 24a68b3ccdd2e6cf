// Package report is the account of what was done with mandates: whoever acts for somebody owes them one (Code civil, article 1993). It owns
// the tables report_use and report_account.
//
//	use.go      a use begins: Open in the transaction that releases an identity, Declare for what passes by no login
//	account.go  the account of a use is given, or corrected: Close
//	find.go     the uses of a mandate, and what somebody still has to write; service.go where they were signed in
//	due.go      who is reminded
//	compose.go  the account of a whole mandate, in words (words.go), for its citizen, and page by page (part.go); handover.go notes that they have it
//	compare.go  holds the tables to the journal
//
// A use is open until its account is given, and closed from then on. What was typed holds no number of a person or of a card and no password (package
// private), and is sealed under the citizen's data key. A correction is another account: those before it stay. An outcome "to finish" closes the use and
// keeps it on the list, until another account says otherwise.
//
// A use is of one power: of a procedure, and of the one case that the power is for. Entry and row name the case by its keyed hash, the account that the citizen is
// given by its reference, which stands in the sealed terms alone.
//
// Through FranceConnect we do not learn which site was opened, nor what was done there: account and report are what the aidant declares, and
// the report says so. A service that talks to us itself is known, and named. That the power stood at that moment is not declared: no use begins without one.
package report

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

// How a power was used.
const (
	Login     = "login"     // the citizen's identity was released to a service
	Site      = "site"      // a site that does not take FranceConnect
	Telephone = "telephone" // a call
	Paper     = "paper"     // a form or a letter
	Counter   = "counter"   // at the body's counter
)

// Ways are those that an aidant declares; Login is never declared.
var Ways = []string{Site, Telephone, Paper, Counter}

// The states of a use.
const (
	Opened = "open"
	Closed = "closed"
)

// What came of a use.
const (
	Done     = "done"
	ToFinish = "to_finish" // more is to be done, and the use stays on the list
	Refused  = "refused"   // by the body
	Nothing  = "nothing"   // nothing was done
)

// Outcomes are all of them.
var Outcomes = []string{Done, ToFinish, Refused, Nothing}

// The refusals that callers tell apart. db.ErrNotFound stands for what is not there or another organisation's.
var (
	ErrWay       = errors.New("not a way to use a power that is declared")
	ErrAccount   = errors.New("the account is incomplete, or holds what it must not") // Given.Check says what
	ErrMeanwhile = errors.New("another account of this use was given meanwhile")
	ErrChanged   = errors.New("the report is not the one that was shown")
)

// The pages on which uses are read, as they stand in entries (mandate.Register.Consult).
const (
	PageUses   = "uses"
	PageReport = "report"
)

// Use is one use of a power.
type Use struct {
	ID, Organisation, Citizen, Mandate, Person uuid.UUID
	Name                                       string // of the person; "" when nobody is known by that id any more
	Procedure, Case, Way                       string // Case is the file's, as powers name it (mandate.Power.Case); "" for every case
	Service                                    string // that was signed in to, as people call it; "" where it is not known: behind FranceConnect, or by no login. Only where accounts were asked for
	UsedAt                                     time.Time
	State, Outcome                             string    // the outcome of the last account, "" while it is open
	ClosedAt                                   time.Time // when the last account was given; zero while it is open
	Accounts                                   []Account // the oldest first; only where they were asked for
}

// Due reports whether something is still to be written or done.
func (u Use) Due() bool { return u.State == Opened || u.Outcome == ToFinish }

// Last is the account that counts, the zero one while the use is open.
func (u Use) Last() Account {
	if len(u.Accounts) == 0 {
		return Account{}
	}
	return u.Accounts[len(u.Accounts)-1]
}

// Account is an account that was given.
type Account struct {
	Number              int // from 1
	Outcome             string
	Supplied            bool // what was typed into the service was supplied by the citizen
	Site, Receipt, Note string
	Person              uuid.UUID
	Name                string // of the person
	At                  time.Time
}

// Register keeps the uses and their accounts.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	mandates *mandate.Register
	citizens *citizen.Register
	clock    *clock.Clock
	tell     func(tx *db.Tx, now time.Time, m org.Message) error      // nil tells nobody
	name     func(ctx context.Context, client string) (string, error) // nil leaves services their client_id
}

// New returns the register of uses kept in this database. It tells nobody anything (see Telling).
func New(d *db.DB, j *journal.Journal, mandates *mandate.Register, citizens *citizen.Register, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, mandates: mandates, citizens: citizens, clock: c}
}

// Telling returns the same register, which lets citizens be told of each use that is declared, in its transaction (notify.Queue). Uses by a login are told
// by package idp.
func (r *Register) Telling(queue func(tx *db.Tx, now time.Time, m org.Message) error) *Register {
	telling := *r
	telling.tell = queue
	return &telling
}
