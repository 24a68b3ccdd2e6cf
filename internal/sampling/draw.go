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
		one := r.try(ctx, id)
		if !errors.Is(one, ErrEarly) && !errors.Is(one, db.ErrConflict) {
			err = errors.Join(err, one)
		}
	}
	return wrap("draw samples", err)
}

// standing is a sample, and its order as the log has it.
type standing struct {
	Sample
	draw.Placed // Place is negative when the log does not have it yet
	share       draw.Share
}

// find reads a sample and its order's entry.
func find(ctx context.Context, tx pgx.Tx, id uuid.UUID) (standing, error) {
	s := standing{Placed: draw.Placed{Place: -1}}
	if err := tx.QueryRow(ctx, `select `+columns+`, coalesce(s.share, '') from sample s where s.id = $1`, id).Scan(append(s.fields(), &s.share)...); err != nil {
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

// ordered reads a sample that was neither drawn nor has lapsed, of which everything else is db.ErrConflict.
func (r *Register) ordered(ctx context.Context, id uuid.UUID) (s standing, err error) {
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) (err error) { s, err = find(ctx, tx, id); return err })
	if err == nil && s.State != Ordered {
		err = db.ErrConflict
	}
	return s, err
}

// fixed finds what a sample is drawn from. It returns ErrEarly while nothing is, and lets lapse what never will be drawn, which is db.ErrConflict.
func (r *Register) fixed(ctx context.Context, s standing) (draw.Moment, error) {
	if s.Place < 0 {
		return draw.Moment{}, ErrEarly
	}
	m, err := draw.MomentOf(ctx, s.Placed, r.trust, r.kept(s.Witnesses))
	late, err := r.waits(s, err)
	switch {
	case err != nil:
		return m, err
	case late:
		return m, cmp.Or(r.lapse(ctx, s, draw.WhyLate), db.ErrConflict)
	case s.Bound && r.clock.Now().After(s.shareEnds()):
		return m, cmp.Or(r.lapse(ctx, s, draw.WhyShare), db.ErrConflict)
	}
	return m, nil
}

// shareEnds is until when a share may be given, or, once it was, the sample be drawn.
func (s *standing) shareEnds() time.Time {
	end := s.ShareEnds()
	if s.share != "" {
		end = end.Add(draw.ShareGrace)
	}
	return end
}

// try draws one sample, if it can be. It returns ErrEarly when it cannot yet, or somebody draws it at this moment.
func (r *Register) try(ctx context.Context, id uuid.UUID) error {
	s, err := r.ordered(ctx, id)
	if err != nil {
		return err
	}
	m, err := r.fixed(ctx, s)
	switch {
	case err != nil:
		return err
	case s.Bound && s.share == "":
		return ErrEarly
	}
	seed, err := draw.SeedOf(s.Placed, m, s.share)
	if err != nil {
		return err
	}
	now := r.clock.Now()
	if err := r.note(ctx, `update sample set looked = 0, looked_at = $2 where id = $1 and state = 'ordered' and (looked_at is null or looked_at < $3)`, id, now, now.Add(-lost)); err != nil {
		return err
	}
	census := draw.NewCensus(draw.NewChoice(seed, s.Order.Wanted))
	err = r.count(ctx, s, census)
	if err == nil {
		err = r.record(ctx, s, draw.State(s.Placed, m, s.share, census))
	}
	if err != nil && !errors.Is(err, ErrEarly) {
		err = errors.Join(err, r.note(context.WithoutCancel(ctx), `update sample set looked_at = null where id = $1 and state = 'ordered'`, id))
	}
	return err
}

// note keeps how far a draw is, unless somebody else draws: then it is ErrEarly.
func (r *Register) note(ctx context.Context, sql string, args ...any) error {
	return r.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error { return tx.ExecOne(ctx, ErrEarly, sql, args...) })
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

// countEach is how many entries are read at a time, and lost how long after the last of these times whoever drew is taken to be gone.
const (
	countEach = 8192
	lost      = 2 * time.Minute
)

// count goes through the entries before the order, each of which is judged by what was hashed of it, and not by the columns beside.
func (r *Register) count(ctx context.Context, o standing, into *draw.Census) error {
	for from := int64(0); from < o.Place; from += r.each {
		end := min(from+r.each, o.Place)
		err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `select l.index, e.body from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index`, from, end)
			if err != nil {
				return err
			}
			var place int64
			var body string
			_, err = pgx.ForEachRow(rows, []any{&place, &body}, func() error {
				if o.Order.Population.Fits([]byte(body)) {
					into.Add(place)
				}
				return nil
			})
			return err
		})
		if err == nil {
			err = r.note(ctx, `update sample set looked = $2, looked_at = $3 where id = $1 and state = 'ordered'`, o.ID, end, r.clock.Now())
		}
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
func (r *Register) record(ctx context.Context, s standing, said draw.Stated) error {
	by := journal.Program()
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
		tx.QueueOne(`update sample set state = 'drawn', place = $2, witnessed = $3, size = $4, stamped_at = $5, population = $6, ended_at = $7 where id = $1 and state = 'ordered'`,
			s.ID, said.Order, said.Witnessed, said.Size, stamped, said.Population, tx.Now)
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
	case err == nil && s.Bound && s.share == "":
		return ForShare, m.Stamp.At, m, nil
	case err == nil:
		return ForDraw, m.Stamp.At, m, nil
	case errors.Is(err, draw.ErrLapsed):
		return ForDraw, s.EndsAt, m, nil
	}
	return "", time.Time{}, m, err
}
