// Package charter holds the conditions of use, and knows who accepted which version of them. It owns the tables charter and
// charter_acceptance.
//
// The text lies in web/charter, in both languages; the French one counts. A version is published when the first server that
// knows it starts, and from then on aidants, referents and administrators are asked to accept it before any page but their
// account's: it is a gate, not a banner (package session). Aidants and referents are also asked in each act (package org).
// Auditors, who act on nothing, have no charter. An acceptance is an act whose entry names the version and the SHA-256 of the text.
//
// To change the text: edit both files, give Version another name, and run the test with -update. The same version with
// another text does not start.
package charter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Version names the text of this program.
const Version = "2026-11-22"

// Errors of this package.
var (
	// ErrNotLatest says that this is not the version, or not the text, that counts now: show the page again.
	ErrNotLatest = errors.New("this is not the latest version of the charter")
	// ErrChanged says that this program's text is another one than the one published under the same version.
	ErrChanged = errors.New("the charter was published under this version with another text")
)

// Register publishes the charter and keeps who accepted it.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	version string
	sum     []byte
}

// New returns the register kept in this database, for the text of this program.
func New(d *db.DB, j *journal.Journal) *Register {
	return &Register{db: d, journal: j, version: Version, sum: Sum()}
}

// text is the detail of the entries charter.published and charter.accepted; docs/journal.md lists it.
type text struct {
	Person  string `json:"person,omitempty"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// errPublished says that there is nothing to publish.
var errPublished = errors.New("published already")

// Publish makes this program's version the one that counts, unless it was published before; servers do so when they start. It
// returns ErrChanged when it was, with another text. A server of an older version publishes nothing: its text is accepted
// by nobody any more, until it is replaced.
func (r *Register) Publish(ctx context.Context) error {
	err := r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, errPublished, `insert into charter (version, sha256, published_at) values ($1, $2, $3) on conflict (version) do nothing`, r.version, r.sum, tx.Now)
		return journal.Event{Action: "charter.published", Detail: text{Version: r.version, SHA256: hex.EncodeToString(r.sum)}}, err
	})
	if errors.Is(err, errPublished) {
		err = r.check(ctx)
	}
	if err != nil {
		return fmt.Errorf("publish charter: %w", err)
	}
	return nil
}

// check compares what was published under our version.
func (r *Register) check(ctx context.Context) error {
	var same bool
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select sha256 = $2 from charter where version = $1`, r.version, r.sum).Scan(&same)
	})
	if err == nil && !same {
		return ErrChanged
	}
	return err
}

// latest finds the version that counts.
const latest = `(select version from charter order by published_at desc limit 1)`

// errAccepted says that there is nothing to accept.
var errAccepted = errors.New("accepted already")

// Accept records that the actor accepts a version with this text (as Sum of the page that they saw). Accepting again changes
// nothing, and is no act. Errors: ErrNotLatest; org.ErrMayNot for nobody, or who is suspended.
func (r *Register) Accept(ctx context.Context, by journal.Actor, version string, sum []byte) error {
	first := &pgx.Batch{}
	var known, current bool
	first.Queue(`select exists (select from person where id = $1 and suspended_at is null)`, by.Person).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	first.Queue(`select exists (select from charter where version = $1 and sha256 = $2 and version = `+latest+`)`, version, sum).
		QueryRow(func(row pgx.Row) error { return row.Scan(&current) })
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		switch {
		case !known:
			return journal.Event{}, org.ErrMayNot
		case !current:
			return journal.Event{}, ErrNotLatest
		}
		err := tx.ExecOne(ctx, errAccepted, `insert into charter_acceptance (person_id, version, sha256, accepted_at) values ($1, $2, $3, $4) on conflict do nothing`,
			by.Person, version, sum, tx.Now)
		return journal.Event{Action: "charter.accepted", Detail: text{by.Person.String(), version, hex.EncodeToString(sum)}}, err
	})
	if err != nil && !errors.Is(err, errAccepted) {
		return fmt.Errorf("accept charter: %w", err)
	}
	return nil
}

// Accepted reports whether a person has accepted the latest version. Before any was published nobody has.
func (r *Register) Accepted(ctx context.Context, person uuid.UUID) (bool, error) {
	var yes bool
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from charter_acceptance y join charter c on c.version = y.version and c.sha256 = y.sha256
			where y.person_id = $1 and y.version = `+latest+`)`, person).Scan(&yes)
	})
	if err != nil {
		return false, fmt.Errorf("look for an acceptance: %w", err)
	}
	return yes, nil
}

// Acceptance is a version that somebody accepted.
type Acceptance struct {
	Version string
	At      time.Time
}

// Acceptances lists what a person accepted, newest first.
func (r *Register) Acceptances(ctx context.Context, person uuid.UUID) ([]Acceptance, error) {
	var out []Acceptance
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select version, accepted_at from charter_acceptance where person_id = $1 order by accepted_at desc`, person)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Acceptance])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list acceptances: %w", err)
	}
	return out, nil
}
