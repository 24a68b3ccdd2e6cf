// Package statistics counts acts: how many were done, by organisation, procedure and action, over time. It owns the tables statistics_day, statistics_month,
// statistics_follow, statistics_edition and statistics_line (docs/decisions/0040).
//
//	act.go      what is counted, and what of an entry counts
//	follow.go   the job that counts what the log has got
//	figures.go  what pages show: who may see which figures, and the questions
//	export.go   figures taken away, which is an act
//	publish.go  the job that publishes a month as open data, for ever
//	table.go    what of a month is too small, and what would give that away
//	flow.go     what somebody can work out of a published table
//	open.go     what was published
//	compare.go  holds what was published to the journal
//
// Counts say nothing of a person, citizen or aidant: they stay when entries are forgotten. Who runs an organisation sees its figures; auditors and administrators see all
// of them. What everybody sees is published by month, department and theme, without what is too small.
package statistics

import (
	"errors"
	"fmt"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/throttle"
)

// The refusals that callers tell apart, beside org.ErrMayNot, db.ErrNotFound and throttle.WaitError.
var (
	ErrSpan   = errors.New("not a span of days that figures are shown of")
	ErrFormat = errors.New("not a form in which figures are taken away")
)

// Register keeps counts, and publishes them.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	limits  *throttle.Throttle
	themes  map[string]string // of procedures, those of older catalogues among them
	step    int64             // entries that are read in one go
	clock   *clock.Clock
}

// New returns the register kept in this database.
func New(d *db.DB, j *journal.Journal, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, limits: throttle.New(d, c), themes: themes(), step: step, clock: c}
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
