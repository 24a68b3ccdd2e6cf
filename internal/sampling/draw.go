package sampling

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/tree"
	"mandat/internal/org"
)

// grace is how long after the end of an order's term somebody who spoke in time is waited for: what they said may be written a little later.
const grace = time.Hour

// Draw draws every sample that can be, and lets lapse what never will be. Several servers may do it at once: one of them draws. A sample that fails keeps no
// other waiting.
func (r *Register) Draw(ctx context.Context) error {
	var ids []uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from sample where state = 'ordered' order by ordered_at`)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	for _, id := range ids {
		_, one := r.try(ctx, journal.Program(), id, "")
		if !errors.Is(one, ErrEarly) && !errors.Is(one, db.ErrConflict) {
			err = errors.Join(err, one)
		}
	}
	return wrap("draw samples", err)
}

// Reveal draws a sample with the share to which its order is bound, once the checkpoint that is drawn from stands. Errors: draw.ErrShare, ErrNotBound, ErrEarly, db.ErrConflict when it was drawn or has
// lapsed, db.ErrNotFound, org.ErrMayNot.
func (r *Register) Reveal(ctx context.Context, by journal.Actor, id uuid.UUID, share draw.Share) error {
	if by.Kind != journal.Auditor {
		return wrap("draw a sample", org.ErrMayNot)
	}
	if share == "" {
		return wrap("draw a sample", draw.ErrShare)
	}
	_, err := r.try(ctx, by, id, share)
	return wrap("draw a sample", err)
}

// standing is a sample, and its order as the log has it.
type standing struct {
	Sample
	draw.Placed // Place is negative when the log does not have it yet
}

// find reads a sample and its order's entry.
func find(ctx context.Context, tx pgx.Tx, id uuid.UUID) (standing, error) {
	s := standing{Placed: draw.Placed{Place: -1}}
	if err := tx.QueryRow(ctx, `select `+columns+` from sample s where s.id = $1`, id).Scan(s.fields()...); err != nil {
		return s, db.Found("find a sample", err)
	}
	rows, err := tx.Query(ctx, `select e.body, coalesce(l.index, -1), l.commitment from journal_entry e left join journal_leaf l on l.entry_id = e.id
		where e.action = 'sample.ordered' and e.person_id = $1 and e.at = $2`, s.OrderedBy, s.OrderedAt)
	if err != nil {
		return s, err
	}
	var body string
	var place int64
	var commitment []byte
	found := false
	_, err = pgx.ForEachRow(rows, []any{&body, &place, &commitment}, func() error {
		o, err := draw.ParseOrder([]byte(body))
		if err == nil && o.Sample == id.String() {
			s.Order, s.Place, found = o, place, true
			copy(s.Commitment[:], commitment)
		}
		return nil
	})
	if err == nil && !found {
		err = draw.ErrNoOrder
	}
	return s, err
}

// kept finds checkpoints in the database. Those that cannot be meant are left out here, and the rest is looked at by the rule.
func (r *Register) kept(witnesses []string) draw.Source {
	return func(ctx context.Context, after int64, stamped bool) (k draw.Kept, err error) {
		err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			var size int64
			err := tx.QueryRow(ctx, `select c.size, t.token from journal_checkpoint c left join journal_timestamp t on t.size = c.size
				where c.size > $1 and (not $2 or t.size is not null) and (select count(*) from journal_cosignature s where s.size = c.size and s.key = any ($3)) = cardinality($3)
				order by c.size limit 1`, after, stamped, witnesses).Scan(&size, &k.Stamp)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			if err == nil {
				k.Signed, err = tree.Cosigned(ctx, tx, size)
			}
			return err
		})
		return k, err
	}
}

// try draws one sample, if it can be.
func (r *Register) try(ctx context.Context, by journal.Actor, id uuid.UUID, share draw.Share) (standing, error) {
	var s standing
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) (err error) { s, err = find(ctx, tx, id); return err })
	switch {
	case err != nil:
		return s, err
	case s.State != Ordered:
		return s, db.ErrConflict
	case share != "" && !s.Bound:
		return s, ErrNotBound
	case s.Place < 0:
		return s, ErrEarly
	}
	m, err := draw.MomentOf(ctx, s.Placed, r.trust, r.kept(s.Witnesses))
	switch late, err := r.waits(s, err); {
	case err != nil:
		return s, err
	case late:
		return s, r.lapse(ctx, s, draw.WhyLate)
	case s.Bound && r.clock.Now().After(s.OrderedAt.Add(draw.ShareFor)):
		return s, cmp.Or(r.lapse(ctx, s, draw.WhyShare), db.ErrConflict)
	case s.Bound && share == "":
		return s, ErrEarly
	}
	seed, err := draw.SeedOf(s.Placed, m, share)
	if err != nil {
		return s, err
	}
	census := draw.NewCensus(draw.NewChoice(seed, s.Order.Wanted))
	if err := r.count(ctx, s.Placed, census); err != nil {
		return s, err
	}
	return s, r.record(ctx, by, s, draw.State(s.Placed, m, share, census))
}

// waits says what it means that there is nothing to draw from: ErrEarly, or that there never will be.
func (r *Register) waits(s standing, err error) (late bool, _ error) {
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, draw.ErrLapsed):
		return true, nil
	case errors.Is(err, draw.ErrUnwitnessed), errors.Is(err, draw.ErrUndrawn), errors.Is(err, draw.ErrQuorum), errors.Is(err, draw.ErrAuthority):
		if r.clock.Now().After(s.EndsAt.Add(grace)) {
			return true, nil
		}
		return false, ErrEarly
	}
	return false, err
}

// countEach is how many entries are read at a time.
const countEach = 8192

// count goes through the entries before the order, each of which is judged by what was hashed of it, and not by the columns beside.
func (r *Register) count(ctx context.Context, o draw.Placed, into *draw.Census) error {
	for from := int64(0); from < o.Place; from += r.each {
		err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `select l.index, e.body from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index`, from, min(from+r.each, o.Place))
			if err != nil {
				return err
			}
			var place int64
			var body string
			_, err = pgx.ForEachRow(rows, []any{&place, &body}, func() error {
				if o.Population.Fits([]byte(body)) {
					into.Add(place)
				}
				return nil
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// begin locks a sample that was ordered, for an act that ends that.
func begin(by journal.Actor, id uuid.UUID) (*pgx.Batch, func() error) {
	first := &pgx.Batch{}
	may := func() error { return nil }
	if by.Kind != journal.System {
		may = org.MayAudit(first, by)
	}
	var state string
	first.Queue(`select state from sample where id = $1 for update`, id).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
	return first, func() error {
		if err := may(); err != nil {
			return err
		}
		if state != Ordered {
			return db.ErrConflict
		}
		return nil
	}
}

// record keeps what was drawn.
func (r *Register) record(ctx context.Context, by journal.Actor, s standing, said draw.Stated) error {
	first, may := begin(by, s.ID)
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		stamped, err := time.Parse(journal.TimeFormat, said.StampedAt)
		if err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`insert into sample_entry (sample_id, index) select $1, p from unnest($2::bigint[]) p`, s.ID, said.Places)
		tx.QueueOne(`update sample set state = 'drawn', place = $2, witnessed = $3, size = $4, stamped_at = $5, population = $6, drawn_by = $7, ended_at = $8 where id = $1 and state = 'ordered'`,
			s.ID, said.Order, said.Witnessed, said.Size, stamped, said.Population, db.OrNull(by.Person), tx.Now)
		return journal.Event{Action: "sample.drawn", Detail: said}, nil
	})
}

// lapsed is the detail of the entry about a sample that is never drawn.
type lapsed struct {
	Sample string `json:"sample"`
	Number string `json:"number"`
	Why    string `json:"why"`
}

// lapse ends an order that is never drawn.
func (r *Register) lapse(ctx context.Context, s standing, why string) error {
	by := journal.Program()
	first, may := begin(by, s.ID)
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		tx.QueueOne(`update sample set state = 'lapsed', why = $2, place = $3, ended_at = $4 where id = $1 and state = 'ordered'`, s.ID, why, s.Place, tx.Now)
		return journal.Event{Action: "sample.lapsed", Detail: lapsed{s.ID.String(), s.Name(), why}}, nil
	})
}

// waiting says what an order waits for, and since when.
func (r *Register) waiting(ctx context.Context, s standing) (what string, since time.Time, m draw.Moment, err error) {
	if s.Place < 0 {
		return ForTree, s.OrderedAt, m, nil
	}
	m, err = draw.MomentOf(ctx, s.Placed, r.trust, r.kept(s.Witnesses))
	switch {
	case errors.Is(err, draw.ErrUnwitnessed):
		return ForWitnesses, s.OrderedAt, m, nil
	case errors.Is(err, draw.ErrUndrawn):
		return ForStamp, s.OrderedAt, m, nil
	case errors.Is(err, draw.ErrQuorum), errors.Is(err, draw.ErrAuthority):
		return ForPolicy, s.OrderedAt, m, nil
	case err == nil && s.Bound:
		return ForShare, m.Stamp.At, m, nil
	case err == nil || errors.Is(err, draw.ErrLapsed):
		return ForDraw, m.Stamp.At, m, nil
	}
	return "", time.Time{}, m, err
}
