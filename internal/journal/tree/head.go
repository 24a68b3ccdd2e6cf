package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// head is the row that says how far the tree has grown, and where.
type head struct {
	size          int64
	root          []byte
	checkpoint    string
	mark          string
	cluster, here int64 // system identifiers of the PostgreSQL it was grown on, and of this one
	epoch         int   // how many keys of the log have ended
	ahead         bool  // mark is a transaction that this PostgreSQL has not come to yet
}

func (i *Integrator) head(ctx context.Context) (head, error) {
	var h head
	err := i.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select t.size, t.root, t.checkpoint, t.xid::text, t.cluster, t.epoch, c.system_identifier, t.xid > pg_snapshot_xmax(pg_current_snapshot())
			from journal_tree t, pg_control_system() c`).Scan(&h.size, &h.root, &h.checkpoint, &h.mark, &h.cluster, &h.epoch, &h.here, &h.ahead)
	})
	return h, err
}

// load reads the edge of the tree, after checking that it is a tree this server may grow.
func (i *Integrator) load(ctx context.Context) error {
	last, _ := i.log.state.seen() // before the database is asked: what it shows then cannot rightly be older
	h, err := i.head(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		if last.Size > 0 {
			return fmt.Errorf("%w: it is empty", ErrBelow)
		}
		if err := i.plant(ctx); err != nil {
			return err
		}
		h, err = i.head(ctx)
	}
	if err != nil {
		return fmt.Errorf("read the journal's tree: %w", err)
	}
	if h.cluster != h.here || h.ahead {
		return ErrCluster
	}
	if h.epoch > i.signer.lastEpoch() {
		return ErrKey
	}
	next, err := format.OpenCheckpoint([]byte(h.checkpoint), i.log.logs)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBeside, err)
	}
	if next.Size != h.size || string(next.Root[:]) != string(h.root) {
		return fmt.Errorf("%w: the checkpoint is of another tree", ErrTree)
	}
	if err := admit(last, next, i.log.tiles(ctx)); err != nil {
		return err
	}
	e, err := readEdge(next, i.log.tiles(ctx))
	if err != nil {
		return err
	}
	i.edge, i.mark, i.settled = e, h.mark, ""
	return i.log.state.keep(next, []byte(h.checkpoint))
}

// plant makes the tree without entries, unless another server just did.
func (i *Integrator) plant(ctx context.Context) error {
	root := format.EmptyRoot()
	signed, err := i.signer.Sign(0, root)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`insert into journal_tree (size, root, checkpoint, xid, cluster, kept_size, kept_at, epoch)
		select 0, $1, $2, '0', system_identifier, 0, clock_timestamp() - $3::interval, $4 from pg_control_system()
		on conflict do nothing`, root[:], string(signed), i.keep, i.signer.epoch())
	if err := i.db.Pipeline(ctx, db.System(), db.Durable, b); err != nil {
		return fmt.Errorf("begin the journal's tree: %w", err)
	}
	return nil
}

// readEdge reads the right border of a tree from its partial tiles, and checks that it leads to the root.
func readEdge(c format.Checkpoint, tiles format.TileReader) (*edge, error) {
	e := &edge{size: c.Size}
	for level, n := 0, c.Size; n > 0; level, n = level+1, n/format.TileWidth {
		hashes := make([]format.Hash, n%format.TileWidth, format.TileWidth)
		if len(hashes) > 0 {
			b, err := tiles(format.TilePath{Level: level, Index: n / format.TileWidth, Width: len(hashes)})
			if errors.Is(err, db.ErrNotFound) {
				return nil, fmt.Errorf("%w: a tile is missing", ErrTree)
			}
			if err != nil {
				return nil, err
			}
			for k := range hashes {
				copy(hashes[k][:], b[k*len(format.Hash{}):])
			}
		}
		e.levels = append(e.levels, hashes)
	}
	if e.root() != c.Root {
		return nil, ErrTree
	}
	return e, nil
}

// horizon returns the number of a transaction that is later than all committed ones.
func (i *Integrator) horizon(ctx context.Context) (string, error) {
	var x string
	b := &pgx.Batch{}
	b.Queue(`select pg_snapshot_xmax(pg_current_snapshot())::text`).QueryRow(func(row pgx.Row) error { return row.Scan(&x) })
	return x, i.db.Pipeline(ctx, db.System(), db.ReadOnly, b)
}

// reached reports whether every visible entry of a transaction before limit is in the tree. It looks for one that is not
// known to be, at the mark, and not at those that are: it is asked again and again while the queue is long. The mark passes
// an entry when it is taken, and all that had to be taken with it.
func (i *Integrator) reached(ctx context.Context, limit string) (bool, error) {
	i.mu.Lock()
	mark := i.mark
	i.mu.Unlock()
	var left bool
	b := byIndex()
	b.Queue(`select not exists (select from journal_tree) or exists (select from journal_entry e
		where e.xid >= greatest((select xid from journal_tree), $2::text::xid8) and e.xid < $1::text::xid8)`, limit, cmp.Or(mark, "0")).
		QueryRow(func(row pgx.Row) error { return row.Scan(&left) })
	err := i.db.Pipeline(ctx, db.System(), db.ReadOnly, b)
	return !left, err
}
