// Package unsealing is how an auditor is told whom a pseudonym stands for: asked for with a reason by one, granted by another one, for an hour, each look an entry, and
// told to the citizen in the next account of their mandate (docs/decisions/0036). It owns the table unsealing.
//
//	ask.go      one auditor asks, and may take it back
//	decide.go   another one grants or refuses; either ends it early
//	look.go     the name, for who asked, while it is granted
//	list.go     what auditors see of all of them, and the citizen's account of those about them
//	forget.go   the reason in words goes, or all of it with its citizen
//	compare.go  holds the table to the journal
//
// Nothing else joins the pseudonyms of entries with names on an auditor's page. The auditors' database login reads no name: names are read here, by the program's own, in
// the very statement that finds an unsealing which stands for who looks.
package unsealing

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// How long things last.
const (
	Waits     = 24 * time.Hour // for an answer
	Lasts     = time.Hour      // from the grant
	keepWords = 365 * 24 * time.Hour
)

// How long the words of a reason are, in characters.
const (
	WordsMin = 20
	WordsMax = 1000
)

// Why somebody asks.
const (
	Complaint = "complaint" // somebody complained of what was done
	Request   = "request"   // the citizen asked, or whoever stands in for them
	Anomaly   = "anomaly"   // something in the journal is odd
	Authority = "authority" // a court or a supervisory authority asked
	Incident  = "incident"  // of security
)

// Reasons are all of them.
func Reasons() []string { return []string{Complaint, Request, Anomaly, Authority, Incident} }

// The states. One that waits too long, or whose hour is over, stays as it is: State tells.
const (
	Asked     = "asked"
	Granted   = "granted"
	Refused   = "refused"
	Withdrawn = "withdrawn"
	Ended     = "ended"
	Expired   = "expired" // asked, and nobody answered
	Over      = "over"    // granted, and its hour is over
)

// The refusals that callers tell apart, beside those of package org.
var (
	ErrReason = errors.New("not a reason, or too few or too many words")
	ErrSecret = errors.New("the reason holds what must stand nowhere") // private.Holds
	ErrWhom   = errors.New("neither a person nor a citizen")
	// ErrOneBrowser says that two auditors signed in with one browser, and may be one human.
	ErrOneBrowser = errors.New("both auditors used the same browser")
)

// Unsealing is one.
type Unsealing struct {
	ID           uuid.UUID
	Person       uuid.UUID // about whom; nil: about a citizen
	Citizen      uuid.UUID
	Organisation uuid.UUID // the citizen's
	Reason       string
	Words        string // only where they were asked for; "" once they are forgotten
	State        string
	AskedBy      uuid.UUID
	AskedAt      time.Time
	ExpiresAt    time.Time
	DecidedBy    uuid.UUID // nil: nobody yet, as for what follows
	DecidedAt    time.Time
	Until        time.Time
	EndedAt      time.Time
	Looks        int
	LookedAt     time.Time // the last time
}

// Subject is whom it is about.
func (u Unsealing) Subject() uuid.UUID {
	if u.Person != uuid.Nil {
		return u.Person
	}
	return u.Citizen
}

// settle makes State what it is at a time.
func (u *Unsealing) settle(now time.Time) {
	switch {
	case u.State == Asked && !now.Before(u.ExpiresAt):
		u.State = Expired
	case u.State == Granted && !now.Before(u.Until):
		u.State = Over
	}
}

// Register keeps unsealings.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	keys     *envelope.Keys
	citizens *citizen.Register
	clock    *clock.Clock
	tell     Tell // nil tells nobody
}

// Tell queues a message, if and only if the transaction commits (notify.Queue).
type Tell func(tx *db.Tx, now time.Time, m org.Message) error

// Telling has the other auditors told that somebody asked.
func (r *Register) Telling(tell Tell) *Register {
	r.tell = tell
	return r
}

// New returns the register kept in this database, whose words are sealed under the keys.
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, citizens *citizen.Register, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, keys: keys, citizens: citizens, clock: c}
}

// detail is the detail of entries about unsealings.
type detail struct {
	Unsealing string `json:"unsealing"`
	Person    string `json:"person,omitempty"` // about whom, when it is no citizen
	Reason    string `json:"reason,omitempty"`
	Until     string `json:"until,omitempty"`
}

// detail is what entries about u say.
func (u *Unsealing) detail() detail {
	d := detail{Unsealing: u.ID.String()}
	if u.Person != uuid.Nil {
		d.Person = u.Person.String()
	}
	return d
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// purpose binds sealed words to their place. It never changes.
const purpose = "unsealing.words"
