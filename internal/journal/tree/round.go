package tree

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// integrateLock keeps servers from doing the same round. It saves work; the compare-and-swap decides.
const integrateLock = 7731022846

// errMoved says that another server grew the tree first.
var errMoved = errors.New("another server grew the tree first")

// alongIndexes leaves PostgreSQL one way to read a range: along its index. A plan is made once in a connection, perhaps
// when the tables were nearly empty, and kept while they grow; one that reads them whole, or sorts a range to find its
// first, would cost more with every entry. Nor is a process started for each range.
const alongIndexes = `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
	set_config('enable_sort', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`

// byIndex begins a batch whose queries go along the indexes.
func byIndex() *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue(alongIndexes)
	return b
}

// view is the state of things as of one snapshot. Transaction numbers are kept as the text PostgreSQL writes.
type view struct {
	size     int64
	xmin     string // the oldest transaction that was running
	now      time.Time
	oldest   *time.Time // of an entry that is perhaps not in the tree; nil: all are
	keptSize int64
	keptAt   time.Time
}

func (v view) behind() time.Duration {
	if v.oldest == nil {
		return 0
	}
	return max(0, v.now.Sub(*v.oldest))
}

// look is what a round begins with, and all it does when there is nothing new. It costs one round trip and no more with
// many entries waiting than with few.
func (i *Integrator) look(ctx context.Context) (view, error) {
	var v view
	b := byIndex()
	b.Queue(`select t.size, s.xmin::text, clock_timestamp() + $1::interval, t.kept_size, t.kept_at,
		(select e.at from journal_entry e where e.xid >= greatest(t.xid, $2::text::xid8) order by e.xid, e.id limit 1)
		from journal_tree t, (select pg_snapshot_xmin(pg_current_snapshot()) as xmin) s`, i.clock.Shift(), i.mark).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&v.size, &v.xmin, &v.now, &v.keptSize, &v.keptAt, &v.oldest)
		})
	if err := i.db.Pipeline(ctx, db.System(), db.ReadOnly, b); err != nil {
		return view{}, fmt.Errorf("look for new entries: %w", err)
	}
	return v, nil
}

// drain is a set of entries that may be taken, as of one snapshot: those of transactions from mark to before xmin with
// ids from first to last, which lies before the first entry that is not to be passed. The set is complete, so it can be
// taken in several rounds while others commit.
type drain struct {
	mark, xmin  string
	first, last int64  // ids; first moves on with each round; 0: nothing to take
	rest        string // the mark when the set is taken: the oldest transaction that was left waiting, else xmin
}

func (d *drain) done() bool { return d.first == 0 || d.first > d.last }

func (i *Integrator) freeze(ctx context.Context) (*drain, error) {
	d := &drain{mark: i.mark}
	var first, last *int64
	var rest *string
	b := byIndex()
	b.Queue(`set local statement_timeout = '10min'`) // after a long stop there may be millions
	b.Queue(`with snap as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
		stop as materialized (select min(e.id) as id from journal_entry e, snap where e.xid >= snap.xmin)
		select snap.xmin::text, min(e.id) filter (where stop.id is null or e.id < stop.id), max(e.id) filter (where stop.id is null or e.id < stop.id),
			(min(e.xid) filter (where e.id >= stop.id))::text
		from snap cross join stop left join journal_entry e on e.xid >= $1::text::xid8 and e.xid < snap.xmin
		group by snap.xmin, stop.id`, i.mark).
		QueryRow(func(row pgx.Row) error { return row.Scan(&d.xmin, &first, &last, &rest) })
	if err := i.db.Pipeline(ctx, db.System(), db.ReadOnly, b); err != nil {
		return nil, fmt.Errorf("look for new entries: %w", err)
	}
	if d.rest = d.xmin; rest != nil {
		d.rest = *rest
	}
	if first != nil {
		d.first, d.last = *first, *last
	}
	return d, nil
}

// growth is what one round adds to the tree.
type growth struct {
	from    int64       // size before
	root    format.Hash // before
	ids     []int64
	commits [][]byte
	full    []tile
	upTo    int64 // id that the round has come to
}

// round takes a chunk of the drain, signs the tree it makes, and commits all of that.
func (i *Integrator) round(ctx context.Context) (bool, error) {
	var locked bool
	g := &growth{from: i.edge.size, root: i.edge.root()}
	first := byIndex()
	first.Queue(`select pg_try_advisory_xact_lock($1)`, integrateLock).QueryRow(func(row pgx.Row) error { return row.Scan(&locked) })
	i.queueTake(first, g)
	var signed []byte
	err := i.db.WriteAfter(ctx, db.System(), db.Durable, first, func(tx *db.Tx) error {
		if !locked || g.from == i.edge.size {
			return nil
		}
		var err error
		if signed, err = i.signer.Sign(i.edge.size, i.edge.root()); err != nil {
			return err
		}
		return i.write(ctx, tx, g, signed)
	})
	switch {
	case errors.Is(err, errMoved) || db.Unique(err, ""):
		i.edge, i.drain = nil, nil
		return true, nil
	case err != nil:
		return false, fmt.Errorf("grow the journal's tree: %w", err)
	case !locked:
		i.edge, i.drain = nil, nil // what was read may be half of what the other server now takes
		return false, nil
	}
	if signed != nil {
		if err := i.log.state.keep(format.Checkpoint{Origin: i.signer.Origin(), Size: i.edge.size, Root: i.edge.root()}, signed); err != nil {
			return false, err
		}
		i.signed(i.edge.size)
	}
	if i.drain.first = g.upTo + 1; i.drain.done() {
		i.settle()
		return false, nil
	}
	return true, nil
}

// queueTake reads the next chunk and appends it to the edge. It asks for the next ids, however far apart they are, and
// joins and filters here, so that there is no plan to be chosen badly: the tables' statistics are old whenever the queue
// is long.
func (i *Integrator) queueTake(b *pgx.Batch, g *growth) {
	d := i.drain
	g.upTo = d.last
	var id int64
	taken, seen := map[int64]bool{}, 0
	b.Queue(`select entry_id from journal_leaf where entry_id >= $1
		and entry_id <= (select max(id) from (select id from journal_entry where id >= $1 and id <= $2 order by id limit $3) as next)`, d.first, d.last, chunk).
		Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error { taken[id] = true; return nil })
			return err
		})
	b.Queue(`select id, xid >= $4::text::xid8 and xid < $5::text::xid8, salt, body from journal_entry where id >= $1 and id <= $2 order by id limit $3`,
		d.first, d.last, chunk, d.mark, d.xmin).
		Query(func(rows pgx.Rows) error {
			var mine bool
			var salt, body pgtype.DriverBytes // not copied
			_, err := pgx.ForEachRow(rows, []any{&id, &mine, &salt, &body}, func() error {
				if seen++; seen == chunk {
					g.upTo = id
				}
				if !mine || taken[id] {
					return nil
				}
				c := format.Commitment([format.SaltSize]byte(salt), body)
				i.edge.append(format.LeafHash(c), func(t tile) { g.full = append(g.full, t) })
				g.ids, g.commits = append(g.ids, id), append(g.commits, c[:])
				return nil
			})
			return err
		})
}

// write stores leaves, tiles and the new head of the tree, if its head is still the one that was grown.
func (i *Integrator) write(ctx context.Context, tx *db.Tx, g *growth, signed []byte) error {
	mark := i.drain.mark
	if g.upTo >= i.drain.last {
		mark = i.drain.rest
	}
	root := i.edge.root()
	var swapped int64
	b := &pgx.Batch{}
	b.Queue(`update journal_tree set size = $1, root = $2, checkpoint = $3, xid = greatest(xid, $4::text::xid8), epoch = greatest(epoch, $7)
		where size = $5 and root = $6 and epoch <= $8`,
		i.edge.size, root[:], string(signed), mark, g.from, g.root[:], i.signer.epoch(), i.signer.lastEpoch()).Exec(func(tag pgconn.CommandTag) error {
		swapped = tag.RowsAffected()
		return nil
	})
	b.Queue(`insert into journal_leaf (index, entry_id, commitment) select $1 + n - 1, id, commitment
		from unnest($2::bigint[], $3::bytea[]) with ordinality as new (id, commitment, n)`, g.from, g.ids, g.commits)
	queueTiles(b, append(g.full, i.edge.partial()...))
	i.queueKeep(b)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if swapped != 1 {
		return errMoved
	}
	return nil
}

func queueTiles(b *pgx.Batch, tiles []tile) {
	levels, indexes, hashes := make([]int16, len(tiles)), make([]int64, len(tiles)), make([][]byte, len(tiles))
	for n, t := range tiles {
		levels[n], indexes[n] = int16(t.level), t.index //nolint:gosec // at most 7
		for _, h := range t.hashes {
			hashes[n] = append(hashes[n], h[:]...)
		}
	}
	b.Queue(`insert into journal_tile as old (level, index, hashes) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
		on conflict (level, index) do update set hashes = excluded.hashes where old.hashes <> excluded.hashes`, levels, indexes, hashes)
}

// keepAfter is how many entries after the last kept checkpoint the next is kept at the latest: so that, whatever a round adds,
// there are never more than format.KeptWithin between them.
const keepAfter = format.KeptWithin - chunk

// queueKeep keeps the tree's checkpoint, if the last that was kept is old enough or far enough.
func (i *Integrator) queueKeep(b *pgx.Batch) {
	b.Queue(`with kept as (update journal_tree set kept_size = size, kept_at = clock_timestamp()
		where size > kept_size and (kept_at <= clock_timestamp() - $1::interval or size - kept_size >= $2) returning size, kept_at, checkpoint)
		insert into journal_checkpoint (size, at, note) select size, kept_at, checkpoint from kept`, i.keep, keepAfter)
}

// keepLast keeps the checkpoint at which the log came to rest.
func (i *Integrator) keepLast(ctx context.Context, v view) error {
	if v.size <= v.keptSize || v.now.Add(-i.clock.Shift()).Sub(v.keptAt) < i.keep {
		return nil
	}
	b := &pgx.Batch{}
	i.queueKeep(b)
	if err := i.db.Pipeline(ctx, db.System(), db.Durable, b); err != nil && !db.Unique(err, "") {
		return fmt.Errorf("keep a checkpoint: %w", err)
	}
	return nil
}
