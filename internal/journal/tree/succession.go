package tree

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// ErrNotJoined says that no checkpoint that is kept is signed by the next key too: who trusts the one before could not follow.
var ErrNotJoined = errors.New("no kept checkpoint is signed by the next key yet: copy KEYS_DIR to every server, restart them, and wait some seconds and an act")

// Next is the key that signs too and will go on alone; nil: there is none.
func (s *Signer) Next() *Signer { return s.next }

// EndKey ends the key that signs the log for every server, after as many others as ended before, and returns where: what it signs of larger trees counts no more.
// Servers that have the key that comes after it go on, others stop. When it is ended already, as by an act whose outcome was lost, it ends where the tree is now. next
// is the key after it, which must have signed a checkpoint that is kept; nil: the key was lost, and nothing joins it with what comes after.
func EndKey(ctx context.Context, tx *db.Tx, before int, next *Signer) (format.End, error) {
	if next != nil {
		if err := joined(ctx, tx, next); err != nil {
			return format.End{}, err
		}
	}
	var e format.End
	var root []byte
	err := tx.QueryRow(ctx, `update journal_tree set epoch = $1 + 1 where epoch in ($1, $1 + 1) returning size, root`, before).Scan(&e.Size, &root)
	if errors.Is(err, pgx.ErrNoRows) {
		return format.End{}, fmt.Errorf("%w (or the log was not begun)", ErrKey)
	}
	if err != nil {
		return format.End{}, fmt.Errorf("end the journal's key: %w", err)
	}
	e.Root = format.Hash(root)
	return e, nil
}

func joined(ctx context.Context, tx *db.Tx, next *Signer) error {
	var kept string
	err := tx.QueryRow(ctx, `select note from journal_checkpoint order by size desc limit 1`).Scan(&kept)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotJoined
	}
	if err != nil {
		return fmt.Errorf("read the last kept checkpoint: %w", err)
	}
	alone, err := format.NewKeys(format.Key{VKey: next.vkey})
	if err != nil {
		return err
	}
	if _, err := format.OpenCheckpoint([]byte(kept), alone); err != nil {
		return ErrNotJoined
	}
	return nil
}
