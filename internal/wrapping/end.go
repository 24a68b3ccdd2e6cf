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

// endLock keeps who ends a key from passing by who wraps with it (migrations/0052_keys.sql).
const endLock = 7731022852

// Errors of ending a key.
var (
	ErrLeft     = errors.New("something is still wrapped with the key")
	ErrNotBegun = errors.New("no server has started with the key that wraps now: copy the keyset and the folder to the servers, and restart them")
)

// Left is how much of a table is under a key that is old.
type Left struct {
	Table string
	Key   string // its prefix, in hexadecimal
	Count int64
}

// begun lists the keys, of which the current one is this keyset's primary key.
func (k *Keeper) begun(ctx context.Context) ([]key, error) {
	all, err := k.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("read key-encryption keys: %w", err)
	}
	own := k.keys.Prefix()
	for _, row := range all {
		if row.state == "current" && bytes.Equal(row.prefix, own[:]) {
			return all, nil
		}
	}
	return nil, ErrNotBegun
}

// Left counts what is under old keys.
func (k *Keeper) Left(ctx context.Context) ([]Left, error) {
	all, err := k.begun(ctx)
	if err != nil {
		return nil, err
	}
	var out []Left
	for _, row := range all {
		if row.state != "old" {
			continue
		}
		err := k.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			left, err := k.count(ctx, tx, row.prefix)
			out = append(out, left...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("count what is wrapped: %w", err)
		}
	}
	return out, nil
}

// queryer is a transaction of either kind.
type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (k *Keeper) count(ctx context.Context, tx queryer, prefix []byte) ([]Left, error) {
	var out []Left
	for _, c := range k.columns {
		l := Left{Table: c.Table, Key: hex.EncodeToString(prefix)}
		if err := tx.QueryRow(ctx, `select count(*) from (`+c.Read+`) as wrapped`, "", [][]byte{prefix}, nil).Scan(&l.Count); err != nil {
			return nil, err
		}
		switch n := len(out); {
		case l.Count == 0:
		case n > 0 && out[n-1].Table == c.Table:
			out[n-1].Count += l.Count
		default:
			out = append(out, l)
		}
	}
	return out, nil
}

// ended is what the entry of an end says.
type ended struct {
	Key string `json:"key"`
}

// End lets the old keys be gone that this server holds, and returns their prefixes, with those that are gone already. While something is wrapped with one, or is
// being, it is ErrLeft.
func (k *Keeper) End(ctx context.Context) ([][envelope.PrefixSize]byte, error) {
	all, err := k.begun(ctx)
	if err != nil {
		return nil, err
	}
	var out [][envelope.PrefixSize]byte
	for _, row := range all {
		prefix := [envelope.PrefixSize]byte(row.prefix)
		if row.state == "current" || !k.keys.Holds(prefix) {
			continue
		}
		if row.state == "old" {
			if err := k.end(ctx, row.prefix); err != nil {
				return out, fmt.Errorf("end the key-encryption key %x: %w", prefix, err)
			}
		}
		out = append(out, prefix)
	}
	return out, nil
}

func (k *Keeper) end(ctx context.Context, prefix []byte) error {
	lock := &pgx.Batch{}
	lock.Queue(`select pg_advisory_xact_lock($1)`, endLock)
	return k.journal.RecordAfter(ctx, journal.Program(), lock, func(tx *journal.Tx) (journal.Event, error) {
		left, err := k.count(ctx, tx, prefix)
		if err != nil {
			return journal.Event{}, err
		}
		for _, l := range left {
			err = errors.Join(err, fmt.Errorf("%w: %d in %s", ErrLeft, l.Count, l.Table))
		}
		if err != nil {
			return journal.Event{}, err
		}
		err = tx.ExecOne(ctx, db.ErrConflict, `update wrapping_key set state = 'gone', gone_at = $2 where prefix = $1 and state = 'old'`, prefix, tx.Now)
		return journal.Event{Action: "wrapping.ended", Detail: ended{hex.EncodeToString(prefix)}}, err
	})
}
