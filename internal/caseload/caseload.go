// Package caseload is what an organisation's aidants have under way: the list of its mandates, which of them end soon, who follows each of them up, what is handed over when
// somebody leaves, and what is left with nobody. It owns the tables mandate_handover and mandate_end_told; the mandates themselves are package mandate's.
//
// Lists show who citizens are, so whoever looks further than their own desk leaves an entry (docs/decisions/0014).
package caseload

import (
	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// lasting is SQL: until when a mandate m gives anything, unless it has ended. The end that was agreed says less: the powers that would last so long may have ended alone.
const lasting = mandate.Lasting

// Register reads what organisations have under way, and who follows it up.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	citizens *citizen.Register
	clock    *clock.Clock
}

// New returns the register kept in this database.
func New(d *db.DB, j *journal.Journal, citizens *citizen.Register, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, citizens: citizens, clock: c}
}
