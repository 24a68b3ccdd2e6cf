package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/token"
)

// Kind says what sort of person or thing acts.
type Kind string

// The kinds of actors.
const (
	Aidant        Kind = "aidant"
	Referent      Kind = "referent"
	Auditor       Kind = "auditor"
	Administrator Kind = "administrator"
	Fraud         Kind = "fraud"      // FranceConnect's fraud team
	Prefecture    Kind = "prefecture" // of a department
	System        Kind = "system"
)

// Actor is who acts. It comes from the session, never from the request.
type Actor struct {
	Kind         Kind
	Person       uuid.UUID // nil for System
	Organisation uuid.UUID // for which they act; nil for auditors, administrators, recipients and System
	Session      []byte    // id of the browser session, the same after a step-up; stands beside the entry, not in it
	FactorAt     time.Time // when they last gave a second factor in this session; zero is never
	Enrolling    bool      // the session was opened to add a first second factor, and for nothing else
}

// Program is the actor of what nobody asked for: seeds and jobs.
func Program() Actor { return Actor{Kind: System} }

// scope returns the rows this actor's acts may see.
func (a Actor) scope() db.Scope {
	if a.Organisation == uuid.Nil {
		return db.System()
	}
	return db.InOrganisation(a.Organisation)
}

// Event is what an act says of itself. It names ids, never names, tokens or codes.
type Event struct {
	Action       string    // "noun.past_participle", listed in docs/journal.md
	Organisation uuid.UUID // nil: the actor's
	Citizen      uuid.UUID
	Mandate      uuid.UUID
	Detail       any // a small struct with JSON tags, of strings, integers, booleans, lists and ids
}

// Tx is the transaction of one act. Only Record makes one.
type Tx struct {
	*db.Tx
	Now time.Time // read after the act's locks: it never lies before what the act can see
	By  Actor

	forgets bool // the act's entry names others that are forgotten (Forget)
}

// Refused wraps the error of an act that was refused: its entry is kept, and the caller gets Err.
type Refused struct{ Err error }

// Error returns the text of the wrapped error.
func (r Refused) Error() string { return r.Err.Error() }

// Unwrap returns the wrapped error.
func (r Refused) Unwrap() error { return r.Err }

// Journal records acts.
type Journal struct {
	db    *db.DB
	clock *clock.Clock
}

// New returns a journal that records in this database. The clock's shift is added to the database's clock.
func New(d *db.DB, c *clock.Clock) *Journal { return &Journal{db: d, clock: c} }

// Record runs one act: f changes what it has to and says what it did, and its entry is committed with it. When f fails,
// nothing happened, unless the error is Refused: then the entry stays.
func (j *Journal) Record(ctx context.Context, by Actor, f func(*Tx) (Event, error)) error {
	return j.RecordAfter(ctx, by, nil, f)
}

// RecordAfter is Record whose locks and first reads are known beforehand: they travel with BEGIN, and Now is read after
// them, in the same round trip.
func (j *Journal) RecordAfter(ctx context.Context, by Actor, first *pgx.Batch, f func(*Tx) (Event, error)) error {
	if by.Kind == "" {
		return errors.New("record: an act without an actor")
	}
	return j.record(ctx, by.scope(), db.Durable, by, first, f)
}

// RecordSoon is RecordAfter for a step whose loss costs a click: its commit does not wait for the disk. What comes after it in the
// journal, a signed checkpoint above all, is not kept without it. Who acts is found by the first statements, in the scope s: f sets By.
func (j *Journal) RecordSoon(ctx context.Context, s db.Scope, first *pgx.Batch, f func(*Tx) (Event, error)) error {
	return j.record(ctx, s, db.Soon, Actor{}, first, f)
}

func (j *Journal) record(ctx context.Context, s db.Scope, m db.Mode, by Actor, first *pgx.Batch, f func(*Tx) (Event, error)) error {
	tx := &Tx{By: by}
	batch := &pgx.Batch{}
	if first != nil {
		batch.QueuedQueries = append(batch.QueuedQueries, first.QueuedQueries...)
	}
	batch.Queue(`select clock_timestamp() + $1::interval`, j.clock.Shift()).QueryRow(func(row pgx.Row) error { return row.Scan(&tx.Now) })
	var refused error
	err := j.db.WriteAfter(ctx, s, m, batch, func(t *db.Tx) error {
		tx.Tx, tx.Now = t, tx.Now.UTC().Truncate(time.Microsecond)
		event, err := f(tx)
		if r, ok := errors.AsType[Refused](err); ok {
			refused, err = r.Err, nil
		}
		if err != nil {
			return err
		}
		if err := tx.append(event); err != nil {
			return err
		}
		tx.forget()
		return nil
	})
	return errors.Join(err, refused)
}

// append queues the entry as the act's last statement: its id is drawn after every lock of the act.
func (t *Tx) append(e Event) error {
	if e.Organisation == uuid.Nil {
		e.Organisation = t.By.Organisation
	}
	if t.By.Kind == "" {
		return fmt.Errorf("record %s: an act without an actor", e.Action)
	}
	body, err := canonical(e, t.By, t.Now)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	t.QueueOne(`insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body, session_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.Now, e.Action, db.OrNull(e.Organisation), db.OrNull(t.By.Person), db.OrNull(e.Citizen), db.OrNull(e.Mandate), token.Bytes(32), string(body), t.By.Session)
	return nil
}
