// Package certification knows what people were trained for, which tests they passed, and until when they may therefore act.
// It owns the tables certification, certification_import, certification_change and certification_refusal.
//
// A certificate is a state with dates, not a flag:
//
//		to_train → trained → passed → certified → (the clock) expired
//		                                 ⇅ suspended
//
//	  - Trained by a training, of a day, by an organiser (rules.go: train).
//	  - Passed by a test on or after the day of the training, whose score reaches the minimum of that time. A test below it is
//	    recorded and passes nobody (test).
//	  - Certified by an administrator's decision, or by the line of a file that brings both (certify). The time counts from
//	    the test: 36 months, to 23:59:59 in Paris of the last day (Until).
//	  - Expired is never stored: a certificate whose time is over is one that certified_until says is over. It is made again by
//	    a new test, on the training on file or a new one. Whoever holds a certificate keeps it until its end while they do so.
//	  - Suspended and resumed by an administrator. The time goes on meanwhile.
//
// Every step is an act with an entry (act.go), by an administrator or by the program. Files of results are taken in a thousand
// lines to an act (file.go, plan.go, import.go). That only who is certified acts is asked where they act, by package org.
package certification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// The states of a certification. Expired is what State says of a stored Certified whose time is over.
const (
	ToTrain   = "to_train"
	Trained   = "trained"
	Passed    = "passed"
	Certified = "certified"
	Suspended = "suspended"
	Expired   = "expired"
)

// Months is how long a certificate lasts from the day of its test.
const Months = 36

// The kinds of training.
const (
	Classic = "classic" // by a training body
	Peer    = "peer"    // by a colleague of another organisation
)

// Certification is what is known of a person. Days are at midnight UTC, and the zero time is none.
type Certification struct {
	Person uuid.UUID
	Stored string // the state without the clock: never Expired; pages want State

	TrainedOn time.Time
	Organiser string // who trained them
	Training  string // Classic or Peer

	TestedOn       time.Time // of the last test
	Score, Minimum int       // of the last test, and what it took to pass it
	PassedOn       time.Time // of the last test that was passed

	CertifiedAt, CertifiedUntil time.Time
	SuspendedAt                 time.Time
}

// State is the state at an instant: Stored, or Expired when the certificate's time is over, or Trained when a test was passed so long
// ago that its certificate's would be.
func (c Certification) State(now time.Time) string {
	switch {
	case c.Stored == Certified && !c.CertifiedUntil.After(now):
		return Expired
	case c.Stored == Passed && !Until(c.PassedOn).After(now):
		return Trained
	}
	return c.Stored
}

// Until is when a certificate ends that rests on a test of this day: at 23:59:59 in Paris of the same day 36 months later,
// or of the last of that month if it has no such day (as article 641 of the Code of Civil Procedure counts).
func Until(passedOn time.Time) time.Time {
	y, m, d := passedOn.Date()
	end := time.Date(y, m+Months, d, 23, 59, 59, 0, prose.Paris)
	if end.Day() != d {
		end = time.Date(y, m+Months+1, 0, 23, 59, 59, 0, prose.Paris)
	}
	return end.UTC()
}

// day is the day that it is in Paris, at midnight UTC.
func day(now time.Time) time.Time {
	y, m, d := now.In(prose.Paris).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Register reads and changes certifications.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	keys    *envelope.Keys
	clock   *clock.Clock
	minimum int
	tell    func(tx *db.Tx, now time.Time, m org.Message) error
}

// New returns the register kept in this database. minimum is the score (0 to 1000) from which a test is passed; files that are
// being taken in are kept under keys. It tells nobody anything (see Telling).
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, c *clock.Clock, minimum int) *Register {
	return &Register{db: d, journal: j, keys: keys, clock: c, minimum: minimum, tell: func(*db.Tx, time.Time, org.Message) error { return nil }}
}

// Telling returns the same register, whose acts queue messages, each in its own transaction.
func (r *Register) Telling(queue func(tx *db.Tx, now time.Time, m org.Message) error) *Register {
	out := *r
	out.tell = queue
	return &out
}

// Minimum is the score from which a test is passed now.
func (r *Register) Minimum() int { return r.minimum }

// columns are read of certification c joined to person p: who has no row has everything before them.
const columns = `p.id, coalesce(c.state, 'to_train'), c.trained_on, coalesce(c.organiser, ''), coalesce(c.training, ''), c.tested_on, coalesce(c.score, 0),
	coalesce(c.minimum, 0), c.passed_on, c.certified_at, c.certified_until, c.suspended_at`

// scan reads columns, preceded by others.
func (c *Certification) scan(row pgx.Row, before ...any) error {
	var times [6]*time.Time
	err := row.Scan(append(before, &c.Person, &c.Stored, &times[0], &c.Organiser, &c.Training, &times[1], &c.Score, &c.Minimum, &times[2], &times[3], &times[4], &times[5])...)
	for i, to := range []*time.Time{&c.TrainedOn, &c.TestedOn, &c.PassedOn, &c.CertifiedAt, &c.CertifiedUntil, &c.SuspendedAt} {
		if times[i] != nil {
			*to = times[i].UTC()
		}
	}
	return err
}

// Of returns what is known of a person; who was never trained is to train. It returns db.ErrNotFound for nobody.
func (r *Register) Of(ctx context.Context, person uuid.UUID) (Certification, error) {
	var c Certification
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return c.scan(tx.QueryRow(ctx, `select `+columns+` from person p left join certification c on c.person_id = p.id where p.id = $1`, person))
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Certification{}, db.ErrNotFound
	}
	if err != nil {
		return Certification{}, fmt.Errorf("read certification: %w", err)
	}
	return c, nil
}
