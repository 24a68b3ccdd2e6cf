package wrapping

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// defaultBatch is how many keys are wrapped anew in one act.
const defaultBatch = 1000

// renewed is what the entry of a batch says.
type renewed struct {
	Of    string `json:"of"` // the table
	Key   string `json:"key"`
	Count int    `json:"count"`
}

// Renew wraps everything anew that is under an old key. A server whose primary key is not the current one leaves it to others. What does not open, for which
// the key was lost, is left as it is and logged.
func (k *Keeper) Renew(ctx context.Context) error {
	all, err := k.list(ctx)
	if err != nil {
		return fmt.Errorf("read key-encryption keys: %w", err)
	}
	own := k.keys.Prefix()
	var old [][]byte
	for _, row := range all {
		switch {
		case row.state == "old":
			old = append(old, row.prefix)
		case row.state == "current" && !k.keys.Holds([envelope.PrefixSize]byte(row.prefix)):
			return ErrForeign
		case row.state == "current" && !bytes.Equal(row.prefix, own[:]):
			return nil
		}
	}
	if len(old) == 0 {
		return nil
	}
	for _, c := range k.columns {
		if c.Write == "" {
			continue
		}
		if err := k.renew(ctx, c, old); err != nil {
			return fmt.Errorf("wrap %s anew: %w", c.Table, err)
		}
	}
	return nil
}

func (k *Keeper) renew(ctx context.Context, c Column, old [][]byte) error {
	for after := ""; ; {
		b, err := k.read(ctx, c, after, old)
		if err != nil || b.read == 0 {
			return err
		}
		after = b.last
		if b.closed > 0 {
			k.log.ErrorContext(ctx, "what is wrapped here does not open, and stays as it is", "table", c.Table, "count", b.closed)
		}
		if err := k.write(ctx, c, b); err != nil {
			return err
		}
		if b.read < k.batch {
			return nil
		}
	}
}

// found is a batch that was read and wrapped anew.
type found struct {
	ids      []string
	was, now [][]byte
	last     string
	read     int
	closed   int // how many do not open
}

func (k *Keeper) read(ctx context.Context, c Column, after string, old [][]byte) (found, error) {
	var b found
	err := k.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, c.Read, after, old, k.batch)
		if err != nil {
			return err
		}
		var id, owner string
		var was []byte
		_, err = pgx.ForEachRow(rows, []any{&id, &owner, &was}, func() error {
			b.last, b.read = id, b.read+1
			now, err := c.Rewrap(k.keys, owner, was)
			if errors.Is(err, envelope.ErrSealed) {
				b.closed++
				return nil
			}
			b.ids, b.was, b.now = append(b.ids, id), append(b.was, bytes.Clone(was)), append(b.now, now)
			return err
		})
		return err
	})
	return b, err
}

// write puts a batch in its place, unless somebody else has changed a row since it was read.
func (k *Keeper) write(ctx context.Context, c Column, b found) error {
	if len(b.ids) == 0 {
		return nil
	}
	own := k.keys.Prefix()
	err := k.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		tag, err := tx.Exec(ctx, c.Write, b.ids, b.was, b.now)
		if err != nil {
			return journal.Event{}, err
		}
		if tag.RowsAffected() == 0 {
			return journal.Event{}, db.ErrConflict
		}
		return journal.Event{Action: "wrapping.renewed", Detail: renewed{c.Table, hex.EncodeToString(own[:]), int(tag.RowsAffected())}}, nil
	})
	if errors.Is(err, db.ErrConflict) { // others have done it, or the rows are gone
		return nil
	}
	return err
}
