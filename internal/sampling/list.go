package sampling

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/org"
)

// shown is how many samples are listed.
const shown = 100

const columns = `s.id, s.year, s.number, s.state, s.wanted, s.bound, s.ordered_by, s.ordered_at, s.ends_at, coalesce(s.witnessed, 0), coalesce(s.size, 0), coalesce(s.stamped_at, '0001-01-01'),
	coalesce(s.population, 0), coalesce(s.drawn_by, '00000000-0000-0000-0000-000000000000'), coalesce(s.ended_at, '0001-01-01'), coalesce(s.why, ''),
	coalesce(s.shared_by, '00000000-0000-0000-0000-000000000000'), coalesce(s.shared_at, '0001-01-01'), coalesce(s.looked, 0),
	(select count(*) from sample_entry e where e.sample_id = s.id), (select count(*) from sample_entry e where e.sample_id = s.id and e.outcome is not null)`

func (s *Sample) fields() []any {
	return []any{&s.ID, &s.Year, &s.Number, &s.State, &s.Wanted, &s.Bound, &s.OrderedBy, &s.OrderedAt, &s.EndsAt, &s.Witnessed, &s.Size, &s.StampedAt, &s.Population, &s.DrawnBy, &s.EndedAt, &s.Why, &s.SharedBy, &s.SharedAt, &s.Looked, &s.Entries, &s.Checked}
}

// Entry is one that was drawn.
type Entry struct {
	Index   int64
	Outcome string // "": nobody has said what came of it
	Inquiry uuid.UUID
	By      uuid.UUID
	At      time.Time
}

// Whole is a sample with all that there is to see of it.
type Whole struct {
	Sample
	Order  draw.Order
	Place  int64     // of the order in the log; negative: it has none yet
	Drawn  []Entry   // in the order of the log
	Waits  string    // what it waits for, when it was only ordered
	Since  time.Time // since when
	Moment draw.Moment
}

// List lists the newest samples, to an auditor. It returns org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor) ([]Sample, error) {
	var out []Sample
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+columns+` from sample s order by s.ordered_at desc, s.id limit $1`, shown)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Sample, err error) { return s, row.Scan(s.fields()...) })
		return err
	})
	return out, wrap("list samples", err)
}

// Look returns a sample to an auditor, and of one that is not drawn what it waits for. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) Look(ctx context.Context, by journal.Actor, id uuid.UUID) (Whole, error) {
	var s standing
	var w Whole
	err := r.reading(ctx, by, func(tx pgx.Tx) (err error) {
		if s, err = find(ctx, tx, id); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select index, coalesce(outcome, ''), coalesce(inquiry_id, '00000000-0000-0000-0000-000000000000'), coalesce(checked_by, '00000000-0000-0000-0000-000000000000'), coalesce(checked_at, '0001-01-01')
			from sample_entry where sample_id = $1 order by index`, id)
		if err != nil {
			return err
		}
		w.Drawn, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
		return err
	})
	w.Sample, w.Order, w.Place = s.Sample, s.Order, s.Place
	if err == nil && w.State == Ordered {
		w.Waits, w.Since, w.Moment, err = r.waiting(ctx, s)
	}
	return w, wrap("look at a sample", err)
}

// reading reads what auditors see, for one who is an auditor now.
func (r *Register) reading(ctx context.Context, by journal.Actor, f func(pgx.Tx) error) error {
	return r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := org.AskAuditor(ctx, tx, by); err != nil {
			return err
		}
		return f(tx)
	})
}
