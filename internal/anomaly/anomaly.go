// Package anomaly names what in the journal an auditor should look at, and says why in figures. It owns the tables anomaly_rule, anomaly_alert,
// anomaly_watch and anomaly_trial (docs/decisions/0039, 0045).
//
//	rule.go      rules are data: thresholds within bounds that the database holds; a change is an act, and another version
//	read.go      the log as rules see it: acts in their order, read as auditor some thousand at a time
//	detect.go    what is remembered of each aidant while the log goes by
//	hours.go burst.go soon.go refused.go device.go   the rules that look at a day
//	phone.go     the rule that asks which telephone numbers are the same
//	peers.go     the rule that looks at a week of all aidants
//	watch.go     the job: from where it stopped to the end of the log; again.go the last days once more
//	alert.go     what was found: once for a rule, an aidant in an organisation, and a day
//	close.go     an alert goes into a case, or is closed with a reason; rate.go counts how often a rule was mistaken; forget.go words go
//	trial.go     a rule with other thresholds on history: it counts, and changes nothing
//	compare.go   holds the tables to the journal
//
// An alert accuses nobody. It says which acts stand out, by which rule, and what the rule cannot see is told on its page. It names an aidant by their id, days, figures
// and places in the log: nothing of it is about a citizen, so that it stays when one is erased, but for the words with which it was closed; a place whose entry was forgotten stays a place.
package anomaly

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// The refusals that callers tell apart, beside org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound and db.ErrConflict.
var (
	ErrBounds = errors.New("a threshold is missing, outside its bounds, or all is as it was")
	ErrReason = errors.New("not a reason, or too few or too many words")
	ErrSecret = errors.New("the words hold what must stand nowhere") // private.Holds
	ErrPeriod = errors.New("not a period that a trial looks at")
)

// Finding is what a rule found: the acts of one aidant in one organisation, on one day or in one week.
type Finding struct {
	Rule         string
	Version      int
	Organisation uuid.UUID
	Person       uuid.UUID
	Day          time.Time      // midnight, UTC, of the day in Paris, or of odd hours where the organisation is; the Monday of a week
	Entries      []int64        // indexes in the log, ascending, at most mostEntries
	Figures      map[string]int // what was counted, by the names that the rule's sentence uses
	First, Last  time.Time      // when the first and the last of what was counted was done
}

// key is what an alert is found once for.
type key struct {
	rule                 string
	organisation, person uuid.UUID
	day                  time.Time
}

func (f *Finding) key() key { return key{f.Rule, f.Organisation, f.Person, f.Day} }

// mostEntries is how many entries an alert names; the others are found by its aidant and day.
const mostEntries = 100

// Register keeps rules and alerts.
type Register struct {
	db      *db.DB
	auditor *db.DB // reads the journal
	journal *journal.Journal
	keys    *envelope.Keys
	clock   *clock.Clock
}

// New returns the register kept in this database, which reads the journal by the auditors' login; words are sealed under the keys.
func New(d, auditor *db.DB, j *journal.Journal, keys *envelope.Keys, c *clock.Clock) *Register {
	return &Register{d, auditor, j, keys, c}
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
