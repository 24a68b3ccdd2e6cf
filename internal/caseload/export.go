package caseload

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// MaxExport is how many mandates one export may have: enough for what a team follows up, too little to carry an organisation away.
const MaxExport = 5000

// TooManyError says that an export would have more than MaxExport mandates.
type TooManyError struct{ Mandates int }

// Error tells how many.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("an export of %d mandates: more than %d", e.Mandates, MaxExport)
}

// exported is the detail of the entry.
type exported struct {
	Mandates int      `json:"mandates"`
	Format   string   `json:"format"`
	Tab      string   `json:"tab"`
	Filters  []string `json:"filters"` // what was filtered by, never with what
	Of       string   `json:"of,omitempty"`
}

// Export lists all mandates of a tab that fit a filter, to be taken away in a file of this format, and records that they were: no entry, no file.
// It is for who may read here (org.ErrMayNot), with a fresh second factor (org.ErrFactorTooOld), and for at most MaxExport mandates (*TooManyError).
func (r *Register) Export(ctx context.Context, by journal.Actor, f Filter, format string) ([]Summary, error) {
	sought, err := f.sought()
	if err != nil {
		return nil, err
	}
	var out []Summary
	err = r.looking(ctx, by, f, sought, func(tx *journal.Tx, whose []uuid.UUID) (journal.Event, error) {
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if out, err = r.all(ctx, tx, by, f, whose); err != nil {
			return journal.Event{}, err
		}
		detail := exported{Mandates: len(out), Format: format, Tab: f.tab(), Filters: append([]string{}, f.Kinds()...)}
		if f.Person != uuid.Nil {
			detail.Of = f.Person.String()
		}
		return journal.Event{Action: "mandate.exported", Detail: detail}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("export mandates: %w", err)
	}
	return out, nil
}

// all reads every mandate of a tab, after it has counted them.
func (r *Register) all(ctx context.Context, tx *journal.Tx, by journal.Actor, f Filter, whose []uuid.UUID) ([]Summary, error) {
	c := f.conditions(by, r.clock.Now(), whose)
	c.and(c.tab(f.tab()))
	var n int
	if err := tx.QueryRow(ctx, `select count(*) from mandate m where `+c.all(), c.values...).Scan(&n); err != nil {
		return nil, err
	}
	if n > MaxExport {
		return nil, &TooManyError{n}
	}
	var out []Summary
	batch := &pgx.Batch{}
	r.queue(batch, c.all()+` order by `+f.order(lasting)+` limit `+c.value(MaxExport), c.values, func() error { return nil }, &out)
	return out, tx.SendBatch(ctx, batch).Close()
}

// Colleague is an aidant, of now or before, of the actor's organisation.
type Colleague struct {
	ID   uuid.UUID
	Name string
}

// Colleagues lists by name who is or was an aidant of the actor's organisation, the actor too, for a list of what each of them follows up. It is for
// who may read there; others get org.ErrMayNot.
func (r *Register) Colleagues(ctx context.Context, by journal.Actor) ([]Colleague, error) {
	var out []Colleague
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	batch.Queue(`select a.id, a.given_name || ' ' || a.usual_name from person a where a.id in (select m.person_id from membership m where m.organisation_id = $1 and m.role = 'aidant')
		order by a.usual_name, a.given_name, a.id`, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		err := mayRead()
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Colleague])
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, fmt.Errorf("list colleagues: %w", err)
	}
	return out, nil
}
