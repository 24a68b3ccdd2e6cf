package wrapping

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// Errors that keep a server from starting.
var (
	ErrForeign = errors.New("KEY_ENCRYPTION_KEY lacks the key that wraps what is in the database: put the right keyset back, or copy it from a server that has it")
	ErrGone    = errors.New("KEY_ENCRYPTION_KEY: its primary key has ended, and nothing may be wrapped with it any more: copy the keyset from a server that is up to date")
)

// Keeper keeps account of key-encryption keys.
type Keeper struct {
	db      *db.DB
	journal *journal.Journal
	keys    *envelope.Keys
	columns []Column
	log     *slog.Logger
	batch   int
}

// New returns a keeper of these columns. keys are those of this server; log is told of what does not open.
func New(d *db.DB, j *journal.Journal, keys *envelope.Keys, log *slog.Logger, columns ...Column) *Keeper {
	return &Keeper{db: d, journal: j, keys: keys, log: log, columns: columns, batch: defaultBatch}
}

// key is a row.
type key struct {
	prefix []byte
	state  string
}

func (k *Keeper) list(ctx context.Context) ([]key, error) {
	var out []key
	err := k.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select prefix, state from wrapping_key order by current_at, prefix`)
		if err != nil {
			return err
		}
		var row key
		_, err = pgx.ForEachRow(rows, []any{&row.prefix, &row.state}, func() error {
			out = append(out, key{bytes.Clone(row.prefix), row.state})
			return nil
		})
		return err
	})
	return out, err
}

// changed is what the entry of a new current key says: prefixes in hexadecimal.
type changed struct {
	Key    string `json:"key"`
	Before string `json:"before,omitempty"`
}

// Begin is called when a server starts. If its primary key is one that the database has not seen, it becomes the current one. The error is ErrForeign
// or ErrGone if the server would write what others cannot open, or could not open what is there.
func (k *Keeper) Begin(ctx context.Context) error {
	for range 3 { // another server may be beginning too
		current, err := k.known(ctx)
		if err != nil || current {
			return err
		}
		err = k.change(ctx)
		if err == nil || !errors.Is(err, db.ErrConflict) && !db.Unique(err, "") {
			return err
		}
	}
	return fmt.Errorf("begin to wrap: %w", db.ErrConflict)
}

// known says whether the database has seen this server's primary key.
func (k *Keeper) known(ctx context.Context) (bool, error) {
	all, err := k.list(ctx)
	if err != nil {
		return false, fmt.Errorf("read key-encryption keys: %w", err)
	}
	own, seen := k.keys.Prefix(), false
	for _, row := range all {
		mine := bytes.Equal(row.prefix, own[:])
		seen = seen || mine
		switch {
		case mine && row.state == "gone":
			return false, ErrGone
		case row.state != "gone" && !k.keys.Holds([envelope.PrefixSize]byte(row.prefix)):
			return false, fmt.Errorf("%w (%x)", ErrForeign, row.prefix)
		}
	}
	return seen, nil
}

// change makes this server's primary key the current one.
func (k *Keeper) change(ctx context.Context) error {
	own := k.keys.Prefix()
	return k.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		d := changed{Key: hex.EncodeToString(own[:])}
		var before []byte
		err := tx.QueryRow(ctx, `update wrapping_key set state = 'old', old_at = $1 where state = 'current' returning prefix`, tx.Now).Scan(&before)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return journal.Event{}, err
		}
		d.Before = hex.EncodeToString(before)
		err = tx.ExecOne(ctx, db.ErrConflict, `insert into wrapping_key (prefix, state, current_at) values ($1, 'current', $2) on conflict (prefix) do nothing`, own[:], tx.Now)
		return journal.Event{Action: "wrapping.changed", Detail: d}, err
	})
}
