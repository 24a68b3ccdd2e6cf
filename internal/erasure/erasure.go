package erasure

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/phone"
)

// Years is for how long what is known of a citizen is kept after the end of their last mandate: six years, for as long as an offence can be
// prosecuted (Code de procédure pénale, article 8).
const Years = 6

// The refusals that callers tell apart, besides db.ErrNotFound and journal.ErrNotProvable, after which the act is to be tried again.
var (
	ErrStands = errors.New("a mandate of the citizen lasts") // StandsError says which
	ErrHeld   = errors.New("the citizen's records are held") // HeldError says by which hold
	ErrEarly  = errors.New("the time for which records are kept is not over")
)

// StandsError is ErrStands with the mandates that have to be ended first.
type StandsError struct{ Mandates []uuid.UUID }

// Error returns the text of ErrStands with the ids.
func (e *StandsError) Error() string { return fmt.Sprintf("%v: %v", ErrStands, e.Mandates) }

// Unwrap returns ErrStands.
func (e *StandsError) Unwrap() error { return ErrStands }

// HeldError is ErrHeld with a hold that stands.
type HeldError struct{ Hold Hold }

// Error returns the text of ErrHeld with the hold's id.
func (e *HeldError) Error() string { return fmt.Sprintf("%v: hold %s", ErrHeld, e.Hold.ID) }

// Unwrap returns ErrHeld.
func (e *HeldError) Unwrap() error { return ErrHeld }

// Forget queues, in the transaction of an erasure and before the citizen's mandates go, that the rows about them in a package's tables go.
type Forget func(tx *journal.Tx, citizen uuid.UUID)

// Register erases citizens.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	phones  *phone.Register
	clock   *clock.Clock
	ledger  *Ledger
	others  []Forget
	tell    Tell // nil tells nobody
}

// Tell queues a message, if and only if the transaction commits (notify.Queue).
type Tell func(tx *db.Tx, now time.Time, m org.Message) error

// Telling has citizens told that they asked to be erased, and what comes of it.
func (r *Register) Telling(tell Tell) *Register {
	r.tell = tell
	return r
}

// New returns the register of erasures in this database, which notes each in a ledger; nil notes none. others are the packages above this
// one that have rows about citizens.
func New(d *db.DB, j *journal.Journal, phones *phone.Register, c *clock.Clock, ledger *Ledger, others ...Forget) *Register {
	return &Register{db: d, journal: j, phones: phones, clock: c, ledger: ledger, others: others}
}

// Who is a citizen, as one organisation knows them.
type Who struct{ Organisation, Citizen uuid.UUID }
