package inquiry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Measure is something that is suspended under an inquiry.
type Measure struct {
	ID, Inquiry, Finding          uuid.UUID
	Kind                          string
	Organisation, Person, Mandate uuid.UUID // Person or Mandate is nil
	Provisional                   bool
	State                         string
	OrderedBy                     uuid.UUID
	OrderedAt, StoodAt, EndedAt   time.Time // zero: not yet
}

const measureColumns = `m.id, m.inquiry_id, m.finding_id, m.kind, m.organisation_id, coalesce(m.person_id, '00000000-0000-0000-0000-000000000000'), coalesce(m.mandate_id, '00000000-0000-0000-0000-000000000000'),
	m.provisional, m.state, m.ordered_by, m.ordered_at, coalesce(m.stood_at, '0001-01-01'), coalesce(m.ended_at, '0001-01-01')`

func scanMeasure(row pgx.CollectableRow) (Measure, error) {
	var m Measure
	err := row.Scan(&m.ID, &m.Inquiry, &m.Finding, &m.Kind, &m.Organisation, &m.Person, &m.Mandate, &m.Provisional, &m.State, &m.OrderedBy, &m.OrderedAt, &m.StoodAt, &m.EndedAt)
	return m, err
}

// same reports whether both suspend the same.
func (m Measure) same(o Measure) bool {
	return m.Kind == o.Kind && m.Person == o.Person && m.Mandate == o.Mandate && (m.Kind != OfPersonThere || m.Organisation == o.Organisation)
}

// measureOf is the measure that an order names, for one of the findings, or ErrMeasure.
func measureOf(findings []Finding, o Order) (Measure, error) {
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.ID == o.Finding })
	if i < 0 || !slices.Contains(findings[i].Measures(), o.Kind) {
		return Measure{}, ErrMeasure
	}
	f := findings[i]
	m := Measure{Finding: f.ID, Kind: o.Kind, Organisation: f.Organisation, Person: f.Person, Mandate: f.Mandate}
	if o.Kind == OfMandate {
		m.Person = uuid.Nil
	} else {
		m.Mandate = uuid.Nil
	}
	return m, nil
}

func (m *Measure) insert(ctx context.Context, tx *journal.Tx, h *held) error {
	m.Inquiry, m.OrderedBy, m.OrderedAt = h.ID, tx.By.Person, tx.Now
	var stood *time.Time
	if m.State == Stands {
		m.StoodAt, stood = tx.Now, &tx.Now
	}
	_, err := tx.Exec(ctx, `insert into inquiry_measure (id, inquiry_id, finding_id, kind, organisation_id, person_id, mandate_id, provisional, state, ordered_by, ordered_at, stood_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, m.ID, m.Inquiry, m.Finding, m.Kind, m.Organisation, db.OrNull(m.Person), db.OrNull(m.Mandate), m.Provisional, m.State, m.OrderedBy, m.OrderedAt, stood)
	if db.Unique(err, "inquiry_measure_standing") {
		return db.ErrConflict
	}
	return err
}

// lock queues the locks of what it suspends.
func (m Measure) lock(b *pgx.Batch) {
	if m.Kind == OfMandate {
		mandate.LockSuspended(b, m.Mandate)
		return
	}
	org.LockPerson(b, m.Person)
}

// there is the organisation for which a person is suspended, nil: everywhere.
func (m Measure) there() uuid.UUID {
	if m.Kind == OfPersonThere {
		return m.Organisation
	}
	return uuid.Nil
}

// suspend does it, and lift ends it: parts of acts, whose events they return.
func (r *Register) suspend(ctx context.Context, tx *journal.Tx, m Measure, under org.Under) (journal.Event, error) {
	if m.Kind == OfMandate {
		return r.mandates.Suspend(ctx, tx, m.Mandate, under)
	}
	return r.directory.SuspendUnder(ctx, tx, m.Person, m.there(), under)
}

func (r *Register) lift(ctx context.Context, tx *journal.Tx, m Measure, under org.Under) (journal.Event, error) {
	if m.Kind == OfMandate {
		return r.mandates.Resume(ctx, tx, m.Mandate, under)
	}
	return r.directory.ResumeUnder(ctx, tx, m.Person, m.there(), m.StoodAt, under)
}

func (m Measure) under() org.Under {
	return org.Under{Inquiry: m.Inquiry.String(), Measure: m.ID.String(), Provisional: m.Provisional}
}

// Suspend suspends at once, for a reason, what a grave finding is about, with a fresh second factor: until the decision, which says whether it goes on. It returns ErrMeasure for any other
// finding, or one of before the inquiry was opened again, db.ErrConflict when it is suspended under an inquiry already, and what Note does; org.ErrFactorTooOld.
func (r *Register) Suspend(ctx context.Context, by journal.Actor, id uuid.UUID, o Order, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("suspend provisionally", err)
	}
	findings, err := r.graveFindings(ctx, id)
	if err != nil {
		return wrap("suspend provisionally", err)
	}
	m, err := measureOf(findings, o)
	if err != nil {
		return wrap("suspend provisionally", err)
	}
	m.ID, m.Inquiry, m.Provisional, m.State = token.ID(), id, true, Stands
	return wrap("suspend provisionally", r.act(ctx, by, id, m.lock, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if h.State != Found {
			return journal.Event{}, ErrOver
		}
		if err := m.insert(ctx, tx, h); err != nil {
			return journal.Event{}, err
		}
		under := m.under()
		if under.Note, under.WordsSHA256, err = r.write(ctx, tx, h, noteProvisional, words); err != nil {
			return journal.Event{}, err
		}
		return r.suspend(ctx, tx, m, under)
	}))
}

// graveFindings are those of the round that an inquiry is in.
func (r *Register) graveFindings(ctx context.Context, id uuid.UUID) (out []Finding, err error) {
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+findingColumns+` from inquiry_finding f join inquiry q on q.id = f.inquiry_id and q.round = f.round where q.id = $1 and f.gravity = 'grave'`, id)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanFinding)
		return err
	})
	return out, err
}

// Lift lifts what stands under an inquiry, for a reason, with a fresh second factor: what is provisional before the decision, by any auditor; what was decided, by another one than decided it
// (docs/decisions/0044). It returns ErrDecider, ErrOneBrowser, db.ErrNotFound for another inquiry's, db.ErrConflict when it does not stand any more, and what Note does, but for ErrOver; org.ErrFactorTooOld.
func (r *Register) Lift(ctx context.Context, by journal.Actor, id, measure uuid.UUID, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("lift a suspension", err)
	}
	m, err := r.measure(ctx, measure)
	if err == nil && m.Inquiry != id {
		err = db.ErrNotFound
	}
	if err != nil {
		return wrap("lift a suspension", err)
	}
	return wrap("lift a suspension", r.act(ctx, by, id, m.lock, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if err := tx.QueryRow(ctx, `update inquiry_measure m set state = 'ended', ended_at = $2 where m.id = $1 and m.state = 'stands' returning m.stood_at, m.provisional`, measure, tx.Now).Scan(&m.StoodAt, &m.Provisional); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				err = db.ErrConflict
			}
			return journal.Event{}, err
		}
		if err := mayLift(ctx, tx, m); err != nil {
			return journal.Event{}, err
		}
		under := m.under()
		if under.Note, under.WordsSHA256, err = r.write(ctx, tx, h, noteLifted, words); err != nil {
			return journal.Event{}, err
		}
		return r.lift(ctx, tx, m, under)
	}))
}

// mayLift refuses who took the decision by which something is suspended, and who shared a browser with them.
func mayLift(ctx context.Context, tx *journal.Tx, m Measure) error {
	if m.Provisional {
		return nil
	}
	var decider, one bool
	err := tx.QueryRow(ctx, `select d.decided_by = $2, unsealing_one_browser(d.decided_by, $2) from inquiry_finding f join inquiry_decision d on d.inquiry_id = f.inquiry_id and d.round = f.round where f.id = $1`,
		m.Finding, tx.By.Person).Scan(&decider, &one)
	switch {
	case err != nil:
		return err
	case decider:
		return ErrDecider
	}
	return unless(!one, ErrOneBrowser)
}

func (r *Register) measure(ctx context.Context, id uuid.UUID) (m Measure, err error) {
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+measureColumns+` from inquiry_measure m where m.id = $1`, id)
		if err != nil {
			return err
		}
		m, err = pgx.CollectExactlyOneRow(rows, scanMeasure)
		return err
	})
	return m, db.Found("find a measure", err)
}
