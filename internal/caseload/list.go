package caseload

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

// Summary is one line of an organisation's list.
type Summary struct {
	ID          uuid.UUID
	Citizen     citizen.Citizen
	State       string
	Person      uuid.UUID // the aidant who signed it
	By          string    // their name
	SignedAt    time.Time // or confirmed with a code: since when it is given
	EndsAt      time.Time // until when it gives anything; of one that has ended, the end that was agreed
	EndedAt     *time.Time
	EndReason   string
	Procedures  []string // for which it gave powers, keys of the catalogue
	Given, Left int      // how many procedures it gave powers for, and for how many of them it still does, or will
}

// StandsAt reports whether the mandate gives anything at t.
func (s Summary) StandsAt(t time.Time) bool { return s.State == mandate.Standing && t.Before(s.EndsAt) }

// EndsSoonAt reports whether the mandate stands at t and ends within Soon of it.
func (s Summary) EndsSoonAt(t time.Time) bool { return s.StandsAt(t) && !t.Add(Soon).Before(s.EndsAt) }

// PageLength is how many mandates are on one page of a list.
const PageLength = 25

// Listing is one page of an organisation's list.
type Listing struct {
	Lines  []Summary
	Counts map[string]int // how many mandates each tab has under the filter
	Pages  int            // of the tab; 0 without mandates
}

// List lists one page of the mandates of the actor's organisation that fit a filter. It is for who may read here (org.Reads); others get
// org.ErrMayNot. A name of one letter is citizen.ErrTooShort.
//
// The first page of a tab without a filter is everybody's desk. What lies beyond it is turned to or looked for, and that is recorded, with how many
// it showed (docs/decisions/0014): no entry, no page.
func (r *Register) List(ctx context.Context, by journal.Actor, f Filter) (Listing, error) {
	out := Listing{Counts: map[string]int{}}
	sought, err := f.sought()
	if err != nil {
		return out, err
	}
	if f.isDesk() {
		err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
			if err := readable(ctx, tx, by); err != nil {
				return err
			}
			return r.page(ctx, tx, by, f, nil, &out)
		})
		if err != nil {
			return Listing{}, fmt.Errorf("list mandates: %w", err)
		}
		return out, nil
	}
	err = r.looking(ctx, by, f, sought, func(tx *journal.Tx, whose []uuid.UUID) (journal.Event, error) {
		if err := r.page(ctx, tx, by, f, whose, &out); err != nil {
			return journal.Event{}, err
		}
		return f.event(len(out.Lines))
	})
	if err != nil {
		return Listing{}, fmt.Errorf("list mandates: %w", err)
	}
	return out, nil
}

// looking runs an act that shows mandates to who may read them; it is given the citizens whom the words of the filter fit.
func (r *Register) looking(ctx context.Context, by journal.Actor, f Filter, sought citizen.Sought, show func(*journal.Tx, []uuid.UUID) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayRead(); err != nil {
			return journal.Event{}, err
		}
		var whose []uuid.UUID
		if f.Words != "" {
			var err error
			if whose, err = r.citizens.Matching(ctx, tx, by.Organisation, sought); err != nil {
				return journal.Event{}, err
			}
		}
		return show(tx, whose)
	})
	return empty(err)
}

// readable asks whether the actor may read in their organisation.
func readable(ctx context.Context, tx mandate.Reader, by journal.Actor) error {
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return mayRead()
}

// page reads how many mandates each tab has, and which are on the page. Where something is filtered, the organisation's are gone through once; the page is chosen
// before anything else is read of its mandates.
func (r *Register) page(ctx context.Context, tx mandate.Reader, by journal.Actor, f Filter, whose []uuid.UUID, out *Listing) error {
	c := f.conditions(by, r.clock.Now(), whose)
	keep := `materialized`
	if len(f.Kinds()) == 0 { // the page itself is found by the index of the list
		keep = `not materialized`
	}
	where := c.all()
	c.lasts = `m.lasts`
	text := `with fit as ` + keep + ` (select m.id, m.state, m.signed_at, ` + lasting + ` as lasts from mandate m where ` + where + `)
		select ` + c.counts() + `, array(select m.id from fit m where ` + c.tab(f.tab()) + ` order by ` + f.order(c.lasts) + ` limit ` + c.value(PageLength) + ` offset ` + c.value((f.page()-1)*PageLength) + `) from fit m`
	n, ids := make([]int, len(Tabs)), []uuid.UUID{}
	var into []any
	for i := range n {
		into = append(into, &n[i])
	}
	if err := tx.QueryRow(ctx, text, c.values...).Scan(append(into, &ids)...); err != nil {
		return err
	}
	for i, tab := range Tabs {
		out.Counts[tab] = n[i]
	}
	out.Pages = (out.Counts[f.tab()] + PageLength - 1) / PageLength
	batch := &pgx.Batch{}
	r.queue(batch, `m.id = any ($1) order by `+f.order(lasting), []any{ids}, func() error { return nil }, &out.Lines)
	return tx.SendBatch(ctx, batch).Close()
}

// list reads the mandates of an organisation that fit a condition of ours, for who may read them; its values are numbered from 2.
func (r *Register) list(ctx context.Context, by journal.Actor, condition string, values ...any) ([]Summary, error) {
	batch := &pgx.Batch{}
	out := r.queueFor(batch, by, condition, values...)
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, fmt.Errorf("list mandates: %w", err)
	}
	return *out, nil
}

// record is list with an entry, if there was anybody on it.
func (r *Register) record(ctx context.Context, by journal.Actor, of, condition string, values ...any) ([]Summary, error) {
	batch := &pgx.Batch{}
	found := r.queueFor(batch, by, condition, values...)
	err := r.journal.RecordAfter(ctx, by, batch, func(*journal.Tx) (journal.Event, error) {
		if len(*found) == 0 {
			return journal.Event{}, errNobody
		}
		return journal.Event{Action: "mandate.listed", Detail: listed{len(*found), of}}, nil
	})
	if err = empty(err); err != nil {
		return nil, fmt.Errorf("list mandates: %w", err)
	}
	return *found, nil
}

// queueFor queues the question of list.
func (r *Register) queueFor(batch *pgx.Batch, by journal.Actor, condition string, values ...any) *[]Summary {
	out := &[]Summary{}
	mayRead := org.MayRead(batch, by)
	r.queue(batch, `m.organisation_id = $1 and `+condition, append([]any{by.Organisation}, values...), mayRead, out)
	return out
}

// queue queues the question for the mandates m that fit a condition, if may lets it.
func (r *Register) queue(batch *pgx.Batch, condition string, values []any, may func() error, out *[]Summary) {
	now := `$` + strconv.Itoa(len(values)+1)
	batch.Queue(`select c.id, c.data_key, c.identity, c.identified_at, m.id, m.state, m.person_id, coalesce((select a.given_name || ' ' || a.usual_name from person a where a.id = m.person_id), ''),
		m.signed_at, case when m.state = 'ended' then m.ends_at else `+lasting+` end, m.ended_at, coalesce(m.end_reason, ''),
		g.procedures, cardinality(g.procedures), g.remain from mandate m join citizen c on c.id = m.citizen_id cross join lateral (select coalesce(array_agg(distinct p.procedure), '{}') as procedures,
			count(distinct p.procedure) filter (where p.state <> 'ended' and p.ends_at > `+now+`) as remain from mandate_power p where p.mandate_id = m.id) g where `+condition, append(slices.Clone(values), r.clock.Now())...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		err := may()
		if err != nil {
			return err
		}
		*out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Summary, error) {
			var s Summary
			var c citizen.Sealed
			err := row.Scan(append(c.Fields(), &s.ID, &s.State, &s.Person, &s.By, &s.SignedAt, &s.EndsAt, &s.EndedAt, &s.EndReason, &s.Procedures, &s.Given, &s.Left)...)
			if err == nil {
				s.Citizen, err = r.citizens.Open(c)
			}
			return s, err
		})
		return err
	})
}
