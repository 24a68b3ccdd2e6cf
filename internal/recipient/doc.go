// Package recipient is who besides auditors sees a part of what was done, and which (docs/decisions/0041): FranceConnect's fraud team, the prefecture of a department, and the
// referents of an organisation. It owns the tables that are named after it.
//
//	part.go        the one table of who sees which acts, which of their members, of what, and why; everything else is seen by none of them
//	scope.go       as whom somebody reads is found in their row by the reading transaction itself, and each reading is an act
//	fraud.go       what became of logins through FranceConnect, for its fraud team
//	prefecture.go  the organisations of a department, for its prefecture
//	referent.go    what was done in an organisation, for its referents; checklist.go what they are to check, and that they did
//	often.go       how often
//	signal.go      what the fraud team tells auditors; deal.go what auditors do with it; forget.go when its words go
//	compare.go     holds the tables to the journal
//
// Who reads for somebody else's account sees no name of a citizen or an aidant, and nothing unseals one here. The fraud team and prefectures read through functions of the
// database that return nothing else, whatever is asked of them (migrations/0071_recipient.sql).
package recipient

import (
	"errors"
	"fmt"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/throttle"
)

// The refusals that callers tell apart, beside org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound, db.ErrConflict and throttle.WaitError.
var (
	ErrSpan    = errors.New("no time, or too long a one")
	ErrWords   = errors.New("not a reason, or too few or too many words")
	ErrSecret  = errors.New("the words hold what must stand nowhere") // private.Holds
	ErrEntries = errors.New("no entries, too many, or some that the fraud team does not see")
)

// Clients are those of FranceConnect's, by their client_id, and the sectors under which they know citizens.
type Clients struct{ IDs, Sectors []string }

// Register reads for recipients, and keeps what they raise and check.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	keys    *envelope.Keys
	clients Clients
	limits  *throttle.Throttle
	clock   *clock.Clock
	reach   int // lookedThrough
}

// New returns the register on this database, whose words are sealed under the keys.
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, clients Clients, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, keys: keys, clients: clients, limits: throttle.New(d, c), clock: c, reach: lookedThrough}
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
