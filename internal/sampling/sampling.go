// Package sampling is how auditors look at entries that nobody chose: a sample of the journal is ordered by an act, drawn by the rule of package journal/draw
// from what witnesses and an authority say afterwards, and looked at entry by entry (docs/samples.md, docs/decisions/0038). It owns the tables that are named sample.
//
//	order.go    an auditor orders a sample
//	reveal.go   an auditor gives the share to which it was bound
//	draw.go     a job draws it, or it lapses
//	check.go    an auditor looks at an entry that was drawn
//	list.go     what auditors see of samples
//	compare.go  holds the tables to the journal
//
// What decides stands in the order's entry, and is read from there: the tables only list. A sample is ordered, then drawn or lapsed, for ever. Its row is locked by its acts, so
// that of two draws at once one wins.
package sampling

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
)

// The states of a sample.
const (
	Ordered = "ordered"
	Drawn   = "drawn"
	Lapsed  = "lapsed" // the witnesses or the authority did not speak in time, or the share was not given
)

// Why a sample is ordered.
const (
	Routine   = "routine"
	Complaint = "complaint"
	Anomaly   = "anomaly"
	Authority = "authority"
	Incident  = "incident"
)

// Reasons are all of them.
func Reasons() []string { return []string{Routine, Complaint, Anomaly, Authority, Incident} }

// What came of looking at an entry.
const (
	Nothing = "nothing" // nothing to report
	InCase  = "case"    // an inquiry was opened from it
)

// What an order waits for.
const (
	ForTree      = "tree"      // its entry is not in the log yet
	ForWitnesses = "witnesses" // nor under a checkpoint that its witnesses cosigned
	ForStamp     = "stamp"     // a larger one, cosigned and stamped
	ForShare     = "share"     // whoever ordered it gives their share
	ForDraw      = "draw"      // the job, which begins within a minute and then looks through all entries before it
	ForPolicy    = "policy"    // the operator changed witnesses or authority since
)

// The refusals that callers tell apart, beside those of package org and draw.ErrShare.
var (
	ErrWitnesses  = errors.New("the journal has no witnesses")
	ErrAuthority  = errors.New("the journal has no timestamp authority")
	ErrNotYet     = errors.New("no checkpoint is cosigned by enough witnesses yet")
	ErrPopulation = errors.New("not a population")
	ErrWanted     = errors.New("not a number of entries that may be drawn")
	ErrReason     = errors.New("not a reason")
	ErrStanding   = errors.New("the auditor has an order that was not drawn yet")
	ErrNotBound   = errors.New("the order is bound to no share")
	ErrEarly      = errors.New("it cannot be drawn yet")
)

// Sample is one, as lists show it.
type Sample struct {
	ID           uuid.UUID
	Year, Number int
	State        string
	OrderedBy    uuid.UUID
	OrderedAt    time.Time
	EndsAt       time.Time // by which witnesses and authority must have spoken
	Wanted       int
	Bound        bool      // to a share that is given afterwards,
	SharedBy     uuid.UUID // by this auditor; nil: not yet
	SharedAt     time.Time
	Looked       int64 // entries that were looked through to draw it

	Witnessed, Size int64 // entries of the checkpoints under which it was witnessed, and that it was drawn from; 0 before
	StampedAt       time.Time
	Population      int64
	DrawnBy         uuid.UUID // the auditor who gave the share, while that drew it at once; nil: the program
	EndedAt         time.Time // when it was drawn, or lapsed
	Why             string    // it lapsed: draw.WhyLate or draw.WhyShare

	Entries, Checked int // that were drawn, and of these those that were looked at
}

// Name is its number as people say it.
func (s Sample) Name() string { return name(s.Year, s.Number) }

// ShareEnds is until when the share to which it is bound may be given.
func (s Sample) ShareEnds() time.Time { return s.OrderedAt.Add(draw.ShareFor) }

func name(year, number int) string { return fmt.Sprintf("%d-%04d", year, number) }

// Register keeps samples.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	trust   draw.Trust
	clock   *clock.Clock
	each    int64 // countEach
}

// New returns the register kept in this database. trust is the server's own policy, and the authorities of its timestamps: without witnesses or
// authority nothing is ordered.
func New(d *db.DB, j *journal.Journal, trust draw.Trust, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, trust: trust, clock: c, each: countEach}
}

// Refuses says why nothing can be ordered here: ErrWitnesses, ErrAuthority, or nil.
func (r *Register) Refuses() error {
	switch {
	case r.trust.Policy == nil || r.trust.Policy.Keys().Quorum() == nil:
		return ErrWitnesses
	case len(r.trust.Authorities) == 0:
		return ErrAuthority
	}
	return nil
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
