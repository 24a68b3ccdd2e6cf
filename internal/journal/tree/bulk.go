package tree

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal/format"
)

// Bulk grows the tree by very many entries at once, within one transaction of the owner of the tables that holds the
// journal locked against everybody else: it is for test data (internal/load), and never for acts.
type Bulk struct {
	tx     pgx.Tx
	signer *Signer
	edge   *edge
	from   head
	kept   int64
	full   []tile
	notes  []keptNote
}

// keptNote is a checkpoint that is kept.
type keptNote struct {
	size int64
	text string
}

// NewBulk reads the tree as it stands in a transaction. It fails if the tree was not begun (an Integrator begins it), is
// another signer's, or holds less than the journal does.
func NewBulk(ctx context.Context, tx pgx.Tx, s *Signer) (*Bulk, error) {
	k := &Bulk{tx: tx, signer: s}
	var left bool
	err := tx.QueryRow(ctx, `select size, root, checkpoint, kept_size, exists (select from journal_entry e where not exists (select from journal_leaf l where l.entry_id = e.id)) from journal_tree`).
		Scan(&k.from.size, &k.from.root, &k.from.checkpoint, &k.kept, &left)
	if err != nil {
		return nil, fmt.Errorf("read the journal's tree: %w", err)
	}
	if left {
		return nil, errors.New("the journal has entries that are not in the tree")
	}
	l, err := OpenLog(nil, s.Keys(), "")
	if err != nil {
		return nil, err
	}
	c, err := format.OpenCheckpoint([]byte(k.from.checkpoint), l.logs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBeside, err)
	}
	k.edge, err = readEdge(c, func(p format.TilePath) ([]byte, error) {
		var b []byte
		err := tx.QueryRow(ctx, `select hashes from journal_tile where level = $1 and index = $2`, p.Level, p.Index).Scan(&b)
		return b, err
	})
	return k, err
}

// Add appends the commitments of entries whose ids are first, first+1 and so on.
func (k *Bulk) Add(ctx context.Context, first int64, commitments []format.Hash) error {
	rows := bytes.NewBuffer(make([]byte, 0, len(commitments)*62+32))
	rows.WriteString("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	for n, c := range commitments {
		var row [62]byte // three columns, each after its length
		b := binary.BigEndian.AppendUint16(row[:0], 3)
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(k.edge.size)) //nolint:gosec // never negative
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(first+int64(n))) //nolint:gosec // as above
		b = binary.BigEndian.AppendUint32(b, uint32(len(c)))
		rows.Write(append(b, c[:]...))
		k.edge.append(format.LeafHash(c), func(t tile) { k.full = append(k.full, t) })
		if k.edge.size-k.kept >= keepAfter {
			if err := k.keep(); err != nil {
				return err
			}
		}
	}
	rows.Write([]byte{0xff, 0xff})
	if _, err := k.tx.Conn().PgConn().CopyFrom(ctx, rows, `copy journal_leaf (index, entry_id, commitment) from stdin (format binary)`); err != nil {
		return fmt.Errorf("copy leaves: %w", err)
	}
	return k.flush(ctx, nil)
}

// keep signs the tree as it is now, as a checkpoint that stays.
func (k *Bulk) keep() error {
	signed, err := k.signer.Sign(k.edge.size, k.edge.root())
	if err != nil {
		return err
	}
	k.kept, k.notes = k.edge.size, append(k.notes, keptNote{k.edge.size, string(signed)})
	return nil
}

// flush writes the tiles that were filled, some more, and the checkpoints that are kept.
func (k *Bulk) flush(ctx context.Context, more []tile) error {
	b := &pgx.Batch{}
	if tiles := append(k.full, more...); len(tiles) > 0 {
		queueTiles(b, tiles)
	}
	for _, n := range k.notes {
		b.Queue(`insert into journal_checkpoint (size, at, note) values ($1, clock_timestamp(), $2)`, n.size, n.text)
	}
	k.full, k.notes = nil, nil
	if err := k.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write tiles: %w", err)
	}
	return nil
}

// Close signs the tree as it has become. The entries of this transaction, and of every one before, are in it.
func (k *Bulk) Close(ctx context.Context) error {
	if k.edge.size > k.kept {
		if err := k.keep(); err != nil {
			return err
		}
	}
	signed, err := k.signer.Sign(k.edge.size, k.edge.root())
	if err != nil {
		return err
	}
	if err := k.flush(ctx, k.edge.partial()); err != nil {
		return err
	}
	root := k.edge.root()
	tag, err := k.tx.Exec(ctx, `update journal_tree set size = $1, root = $2, checkpoint = $3, kept_size = $1, kept_at = clock_timestamp(),
		xid = (pg_current_xact_id()::text::bigint + 1)::text::xid8 where size = $4 and root = $5`, k.edge.size, root[:], string(signed), k.from.size, k.from.root)
	if err != nil {
		return fmt.Errorf("grow the journal's tree: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return errMoved
	}
	return nil
}
