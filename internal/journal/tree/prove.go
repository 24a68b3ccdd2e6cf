package tree

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	tdproof "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Prove returns a proof that the log holds an entry at an index (C2SP tlog-proof@v1), and the entry's line as it stands
// in an export, which the proof is about. verify.Proof checks both, offline and for as long as SHA-256 and Ed25519 hold.
// The login must be one that may read the entry. db.ErrNotFound: the log is not so long.
func (l *Log) Prove(ctx context.Context, index int64) (text, entry []byte, err error) {
	signed, err := l.Checkpoint(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return l.proveUnder(ctx, index, signed)
}

func (l *Log) proveUnder(ctx context.Context, index int64, signed []byte) (text, entry []byte, err error) {
	c, err := format.OpenCheckpoint(signed, l.logs)
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	if index < 0 || index >= c.Size {
		return nil, nil, db.ErrNotFound
	}
	path, err := tlog.ProveRecord(c.Size, index, tlog.TileHashReader(c.Tree(), l.tiles(ctx)))
	if err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w: %w", index, ErrTree, err)
	}
	p := tdproof.TLogProof{Index: uint64(index), Checkpoint: signed}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	if entry, err = l.line(ctx, index); err != nil {
		return nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return p.Marshal(), entry, nil
}

func (l *Log) line(ctx context.Context, index int64) ([]byte, error) {
	var commitment, salt, body []byte
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select l.commitment, e.salt, e.body from journal_leaf l left join journal_entry e on e.id = l.entry_id where l.index = $1`,
			index).Scan(&commitment, &salt, &body)
	})
	return format.AppendLine(nil, index, commitment, salt, body), err
}
