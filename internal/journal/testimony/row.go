package testimony

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
)

// task is the newest kept checkpoint, and how one witness stands to it.
type task struct {
	size       int64
	note       string
	checkpoint format.Checkpoint
	held       int64 // entries that the witness was known to hold
	cosigned   bool
}

// stale is true of a kept checkpoint k that lies while entries wait to follow it, as after a stop. What is said of it now would say that it was there now, and they are
// older: their dates would look false (verify.Tolerance). There is another one in a moment.
const stale = `(k.at < clock_timestamp() - interval '10 minutes' and exists (select from journal_entry e, journal_tree t
	where e.xid >= t.xid and not exists (select from journal_leaf l where l.entry_id = e.id)))`

// task looks what there is to do for a witness; nil: nothing, or another server is at it.
func (c *Collector) task(ctx context.Context, w verify.Witness) (*task, error) {
	var t task
	var busy, witnessed bool
	err := c.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select k.size, k.note, exists (select from journal_cosignature s where s.size = k.size and s.key = $1),
				exists (select from journal_witnessed d where d.size = k.size), `+stale+` or coalesce(w.asked_size = k.size and w.asked_at > clock_timestamp() - $2::interval, false)
			from (select size, note, at from journal_checkpoint order by size desc limit 1) k left join journal_witness w on w.key = $1`, w.ID(), lease).
			Scan(&t.size, &t.note, &t.cosigned, &witnessed, &busy)
	})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (t.cosigned && witnessed || !t.cosigned && busy) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a checkpoint to be cosigned: %w", err)
	}
	if t.checkpoint, err = format.ParseCheckpoint(format.TextOf(t.note)); err != nil || t.checkpoint.Size != t.size {
		return nil, fmt.Errorf("the kept checkpoint of %d entries: %w", t.size, tree.ErrTree)
	}
	return &t, nil
}

// claim has this server ask a witness for its cosignature of the newest tree, and no other for a while.
func (c *Collector) claim(ctx context.Context, w verify.Witness, t *task) (free bool, err error) {
	err = c.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `insert into journal_witness as old (key, asked_size, asked_at) values ($1, $2, clock_timestamp())
			on conflict (key) do update set asked_size = excluded.asked_size, asked_at = excluded.asked_at where old.asked_size < $2 or old.asked_at <= clock_timestamp() - $3::interval
			returning size`, w.ID(), t.size, lease).Scan(&t.held)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claim a witness: %w", err)
	}
	return true, nil
}

// keep writes down what a witness answered. After a failure its lease runs out before it is asked again.
func (c *Collector) keep(ctx context.Context, w verify.Witness, t *task, a outcome) error {
	return c.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		if a.line != "" {
			tx.Queue(`insert into journal_cosignature (size, key, line, at) values ($1, $2, $3, clock_timestamp()) on conflict do nothing`, t.size, w.ID(), a.line)
		}
		tx.Queue(`update journal_witness set size = case when $2 < 0 then size else $2 end, failure = $3, failing_since = case when $3::text is null then null else coalesce(failing_since, clock_timestamp()) end
			where key = $1`, w.ID(), a.held, db.OrNull(a.failure))
		return nil
	})
}

// mark notes that enough witnesses have cosigned a kept checkpoint, when they have. It is done after the cosignature was committed, so
// that of two that come at the same time one sees the other.
func (c *Collector) mark(ctx context.Context, size int64) error {
	q := c.policy.Keys().Quorum()
	if q == nil {
		return nil
	}
	var signed []byte
	err := c.db.Read(ctx, db.System(), func(tx pgx.Tx) (err error) {
		signed, err = tree.Cosigned(ctx, tx, size)
		return err
	})
	if err != nil {
		return fmt.Errorf("read cosignatures: %w", err)
	}
	if !q.Satisfied(signed) {
		return nil
	}
	err = c.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`insert into journal_witnessed (size, at) values ($1, clock_timestamp()) on conflict do nothing`, size)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note a witnessed checkpoint: %w", err)
	}
	return nil
}

// treeSize is how many entries the tree has now.
func (c *Collector) treeSize(ctx context.Context) (size int64, err error) {
	err = c.db.Read(ctx, db.System(), func(tx pgx.Tx) error { return tx.QueryRow(ctx, `select size from journal_tree`).Scan(&size) })
	return size, db.Found("read the tree's size", err)
}
