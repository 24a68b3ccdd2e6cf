package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// resetWait is how long a reset that was approved waits, so that the person can say that they did not ask for it.
const resetWait = time.Hour

// Reset is the removal of all factors of a person, who has lost them: asked by one, approved by another (org.Second says who may be that), done an hour
// later, if both still may then. The operator approves when nobody else may, and asks for the only administrator.
type Reset struct {
	ID           uuid.UUID
	Person       uuid.UUID
	Organisation uuid.UUID // whose referent asked; nil: an administrator did, or the operator
	State        string    // "asked", "approved", "done", "refused", "cancelled" or "used"
	AskedBy      uuid.UUID // nil: the operator
	AskedAt      time.Time
	ApprovedBy   uuid.UUID // nil: nobody yet, or the operator
	EffectiveAt  time.Time // zero until it is approved
}

// resetChanged is the detail of entries about resets.
type resetChanged struct {
	Person      string `json:"person"`
	Reset       string `json:"reset"`
	EffectiveAt string `json:"effective_at,omitempty"`
	Removed     *int   `json:"removed,omitempty"` // factors, with those that did not count any more
}

// standing is what was read of the two people of an act on a reset: who does it, and whose factors they are.
type standing struct {
	run, administer func() error
	known           bool // the person
	administrator   bool // is the person
	member          bool // is the person, in the actor's organisation
	only            bool // is the only administrator who could do something
	reset           Reset
}

// ask queues what an act on a person's reset needs to know, and locks whom it is about against change.
func (s *standing) ask(b *pgx.Batch, by journal.Actor, person uuid.UUID) {
	s.run, s.administer = org.MayRun(b, by), org.MayAdminister(b, by)
	b.Queue(`select administrator, exists (select from membership m where m.person_id = p.id and m.organisation_id = $2 and m.ended_at is null),
			administrator and not exists (select from person a where a.administrator and a.suspended_at is null and a.id <> p.id and `+org.SignsIn+`)
		from person p where id = $1 for share of p`, person, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if s.known = rows.Next(); s.known {
			return rows.Scan(&s.administrator, &s.member, &s.only)
		}
		return rows.Err()
	})
}

// decides returns nil when the actor is somebody who decides about this person's factors: an administrator, or, unless the person
// is one, a referent of an organisation of theirs; then they need a fresh factor. Nobody decides about their own.
func (s *standing) decides(by journal.Actor, now time.Time) error {
	may, theirs := s.administer, s.known
	if by.Kind == journal.Referent {
		may, theirs = s.run, s.known && s.member
	}
	if err := may(); err != nil {
		return err
	}
	switch {
	case !theirs:
		return db.ErrNotFound
	case by.Kind == journal.Referent && s.administrator:
		return org.ErrMayNot
	}
	return org.Fresh(by, now)
}

// AskReset asks for the removal of all factors of a person who has lost them, who is told. by is a referent of an organisation of
// theirs, or an administrator; the operator, for the only administrator. Who has no factor may need it too: its link is the way in for who left before they
// added their first one, and for whom ProConnect alone knew and who cannot use it any more. Errors: org.ErrMayNot, db.ErrNotFound for nobody of theirs,
// org.ErrYourself, org.ErrFactorTooOld, db.ErrConflict when there is one that waits, throttle.WaitError.
func (r *Register) AskReset(ctx context.Context, by journal.Actor, person uuid.UUID) (uuid.UUID, error) {
	if by.Person == person {
		return uuid.Nil, org.ErrYourself
	}
	id := token.ID()
	err := r.sparing(ctx, by, person, func() error { return r.askReset(ctx, by, id, person) })
	if err != nil {
		return uuid.Nil, wrap("ask for a reset", err)
	}
	return id, nil
}

func (r *Register) askReset(ctx context.Context, by journal.Actor, id, person uuid.UUID) error {
	var s standing
	batch := &pgx.Batch{}
	s.ask(batch, by, person)
	return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := s.decides(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if by.Kind == journal.System && !s.only {
			return journal.Event{}, org.ErrMayNot
		}
		_, err := tx.Exec(ctx, `insert into credential_reset (id, person_id, organisation_id, state, asked_by, asked_at) values ($1, $2, $3, 'asked', $4, $5)`,
			id, person, db.OrNull(by.Organisation), db.OrNull(by.Person), tx.Now)
		if db.Unique(err, "credential_reset_open") {
			err = db.ErrConflict
		}
		return journal.Event{Action: "factor.reset_asked", Detail: resetChanged{Person: person.String(), Reset: id.String()}},
			r.telling(err, tx, "factor_reset_asked", id, person)
	})
}

// ApproveReset approves a reset that somebody else asked for; it is done an hour later, and the person is told. by is another
// referent of the organisation, or an administrator, or the operator when there is none of these. Errors: as AskReset, org.ErrYourself for who asked
// for it and whom it is about, org.ErrNotSecond for who is no second person beside who asked, db.ErrConflict when it does not wait for an approval.
func (r *Register) ApproveReset(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return r.decide(ctx, by, id, "approve reset", func(tx *journal.Tx, s *standing) (journal.Event, error) {
		if s.reset.AskedBy == by.Person && by.Kind != journal.System {
			return journal.Event{}, org.ErrYourself
		}
		asker := org.Office{Person: s.reset.AskedBy, Organisation: s.reset.Organisation}
		if err := org.Second(ctx, tx, asker, org.OfficeOf(by), s.reset.Person, s.reset.AskedAt); err != nil {
			return journal.Event{}, err
		}
		at := tx.Now.Add(resetWait)
		err := tx.ExecOne(ctx, db.ErrConflict, `update credential_reset set state = 'approved', approved_by = $2, approved_at = $3, effective_at = $4 where id = $1 and state = 'asked'`,
			id, db.OrNull(by.Person), tx.Now, at)
		return journal.Event{Action: "factor.reset_approved", Detail: resetChanged{Person: s.reset.Person.String(), Reset: id.String(), EffectiveAt: journal.TimeText(at)}},
			r.telling(err, tx, "factor_reset_approved", id, s.reset.Person)
	})
}

// RefuseReset ends a reset that was not done yet, approved or not, and the person is told. Whoever may decide about it may, and who asked for it.
func (r *Register) RefuseReset(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	if by.Kind == journal.System {
		return org.ErrMayNot
	}
	return r.decide(ctx, by, id, "refuse reset", func(tx *journal.Tx, s *standing) (journal.Event, error) {
		return journal.Event{Action: "factor.reset_refused", Detail: resetChanged{Person: s.reset.Person.String(), Reset: id.String()}},
			r.telling(drop(ctx, tx, id, "refused"), tx, "factor_reset_refused", id, s.reset.Person)
	})
}

// CancelReset ends a reset of one's own that was not done yet: whoever is signed in has not lost everything, or did not ask.
// db.ErrConflict when there is none.
func (r *Register) CancelReset(ctx context.Context, by journal.Actor) error {
	if by.Person == uuid.Nil {
		return db.ErrNotFound
	}
	err := r.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		var s Reset
		err := tx.QueryRow(ctx, `select id, person_id from credential_reset where person_id = $1 and state in ('asked', 'approved') for update`, by.Person).Scan(&s.ID, &s.Person)
		if errors.Is(err, pgx.ErrNoRows) {
			err = db.ErrConflict
		}
		if err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "factor.reset_cancelled", Detail: resetChanged{Person: s.Person.String(), Reset: s.ID.String()}}, drop(ctx, tx, s.ID, "cancelled")
	})
	return wrap("cancel reset", err)
}

func drop(ctx context.Context, tx *journal.Tx, id uuid.UUID, state string) error {
	return tx.ExecOne(ctx, db.ErrConflict, `update credential_reset set state = $2, ended_at = $3 where id = $1 and state in ('asked', 'approved')`, id, state, tx.Now)
}

// decide is an act on a reset by somebody who decides about it.
func (r *Register) decide(ctx context.Context, by journal.Actor, id uuid.UUID, doing string, f func(*journal.Tx, *standing) (journal.Event, error)) error {
	before, err := r.reset(ctx, `id = $1`, id)
	if err != nil {
		return wrap(doing, err)
	}
	if before.Person == by.Person {
		return org.ErrYourself
	}
	s := standing{reset: before} // who, whose and where never change
	batch := &pgx.Batch{}
	s.ask(batch, by, before.Person)
	return wrap(doing, r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := s.decides(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if by.Kind == journal.Referent && before.Organisation != by.Organisation {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx, &s)
	}))
}

const resetColumns = `id, person_id, coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'), state, coalesce(asked_by, '00000000-0000-0000-0000-000000000000'), asked_at,
	coalesce(approved_by, '00000000-0000-0000-0000-000000000000'), coalesce(effective_at, '0001-01-01')`

func scanReset(row pgx.CollectableRow) (Reset, error) {
	var s Reset
	err := row.Scan(&s.ID, &s.Person, &s.Organisation, &s.State, &s.AskedBy, &s.AskedAt, &s.ApprovedBy, &s.EffectiveAt)
	return s, err
}

func (r *Register) resets(ctx context.Context, where string, args ...any) ([]Reset, error) {
	var out []Reset
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+resetColumns+` from credential_reset where `+where+` order by asked_at`, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanReset)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read resets: %w", err)
	}
	return out, nil
}

// reset finds one, or returns db.ErrNotFound.
func (r *Register) reset(ctx context.Context, where string, args ...any) (Reset, error) {
	found, err := r.resets(ctx, where, args...)
	if err == nil && len(found) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Reset{}, err
	}
	return found[0], nil
}

// Resets lists those that are not done yet: asked in an organisation, or, for the nil id, all of them.
func (r *Register) Resets(ctx context.Context, organisation uuid.UUID) ([]Reset, error) {
	if organisation == uuid.Nil {
		return r.resets(ctx, `state in ('asked', 'approved')`)
	}
	return r.resets(ctx, `state in ('asked', 'approved') and organisation_id = $1`, organisation)
}

// ResetOf returns the reset of a person that is not done yet, or db.ErrNotFound.
func (r *Register) ResetOf(ctx context.Context, person uuid.UUID) (Reset, error) {
	return r.reset(ctx, `state in ('asked', 'approved') and person_id = $1`, person)
}
