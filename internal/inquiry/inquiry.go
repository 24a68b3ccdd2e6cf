// Package inquiry is how auditors look into something that the journal shows: from an entry to a decision, with the organisation's reply between the two (docs/decisions/0037).
// It owns the tables that are named after it.
//
//	act.go      what acts of auditors have in common: the inquiry is locked, words are sealed, entries have a detail
//	open.go     an inquiry is opened from an entry; others are attached or set aside, notes written
//	finding.go  what an auditor finds, of which the organisation is told; reply.go is its reply
//	decide.go   another auditor decides, once the organisation replied or its term passed; then it is closed, and may be opened again
//	measure.go  nobody acts with a mandate, or somebody does not act: by a decision, or at once and until then; carry.go what follows a decision, an act for each
//	list.go     what auditors see of inquiries; forget.go words go
//	report.go   papers of an inquiry: a whole one for auditors, and one for an organisation that has only its part; compose.go puts them into words
//	compare.go  holds the tables (tables.go) to the journal
//
// Whatever is said in words is sealed. The entries have ids, and the SHA-256 of what was sealed. An inquiry is open, found (something was found), decided or closed; each row
// of it is locked by its acts, so that of two at once one comes after the other and sees it.
package inquiry

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/private"
)

// ReplyTerm is how long an organisation has to reply to a finding.
const ReplyTerm = 30 * 24 * time.Hour

// How long the words of anything are, in characters.
const (
	WordsMin = 20
	WordsMax = 4000
)

// most is how many entries an inquiry may have, and how many notes; the tables hold as many findings and measures as people make of them.
const most = 500

// The states of an inquiry.
const (
	Open    = "open"
	Found   = "found" // something was found, and it waits for the organisation's reply or for a decision
	Decided = "decided"
	Closed  = "closed"
)

// How grave a finding is.
const (
	None  = "none"
	Minor = "minor"
	Grave = "grave"
)

// Gravities are all of them.
func Gravities() []string { return []string{None, Minor, Grave} }

// The states of a finding.
const (
	Made    = "made"    // nobody is asked: nothing was found
	Asked   = "asked"   // the organisation may reply
	Replied = "replied" // it did
	Lapsed  = "lapsed"  // its term passed without a reply
)

// What is decided; None is nothing.
const (
	Warning    = "warning"
	Suspension = "suspension"
)

// Outcomes are all decisions.
func Outcomes() []string { return []string{None, Warning, Suspension} }

// What is suspended.
const (
	OfMandate     = "mandate"      // nobody acts with it
	OfPersonThere = "person_there" // they do nothing in the organisation
	OfPerson      = "person"       // nor anywhere
)

// The states of a measure.
const (
	Ordered = "ordered" // the act that suspends is to come
	Stands  = "stands"
	Ending  = "ending" // the act that lifts it is to come
	Ended   = "ended"
)

// The refusals that callers tell apart, beside those of package org.
var (
	ErrWords      = errors.New("too few or too many words")
	ErrSecret     = errors.New("the words hold what must stand nowhere") // private.Holds
	ErrGravity    = errors.New("not how grave a finding is")
	ErrSubject    = errors.New("no organisation, or a person or mandate that is not of it")
	ErrWaits      = errors.New("an organisation may still reply")
	ErrLate       = errors.New("the term to reply has passed, or it was decided")
	ErrOutcome    = errors.New("not a decision, or one that does not go with what is to be suspended")
	ErrMeasure    = errors.New("nothing that can be suspended for this finding")
	ErrOver       = errors.New("the inquiry was decided, or is closed")
	ErrFull       = errors.New("the inquiry has as many as it may have")
	ErrOneBrowser = errors.New("both auditors used the same browser")
	ErrDecider    = errors.New("who decided that something is suspended does not lift it")
)

// Inquiry is one, without its words.
type Inquiry struct {
	ID           uuid.UUID
	Year, Number int
	State        string
	Round        int // 1, and one more each time it was opened again
	OpenedBy     uuid.UUID
	OpenedAt     time.Time
	ClosedAt     time.Time // zero: it is not
}

// Name is its number as people say it.
func (q Inquiry) Name() string { return name(q.Year, q.Number) }

func name(year, number int) string { return fmt.Sprintf("%d-%04d", year, number) }

// Register keeps inquiries.
type Register struct {
	db        *db.DB
	journal   *journal.Journal
	keys      *envelope.Keys
	directory *org.Directory
	mandates  *mandate.Register
	clock     *clock.Clock
	tell      func(tx *db.Tx, now time.Time, m org.Message) error
}

// New returns the register kept in this database, whose words are sealed under the keys. tell queues messages (notify.Queue).
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, directory *org.Directory, mandates *mandate.Register, c *clock.Clock, tell func(tx *db.Tx, now time.Time, m org.Message) error) *Register {
	return &Register{db: d, journal: j, keys: keys, directory: directory, mandates: mandates, clock: c, tell: tell}
}

// clean returns words as they are kept, or why they are not.
func clean(words string) (string, error) {
	words = strings.TrimSpace(strings.ReplaceAll(words, "\r\n", "\n"))
	if n := utf8.RuneCountInString(words); n < WordsMin || n > WordsMax || !utf8.ValidString(words) {
		return "", ErrWords
	}
	if private.Holds(words) != "" {
		return "", ErrSecret
	}
	return words, nil
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// unless returns an error unless something is so.
func unless(yes bool, err error) error {
	if yes {
		return nil
	}
	return err
}
