package tree

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Log is the published side of the journal: its checkpoint and its tiles.
type Log struct {
	db    *db.DB
	logs  *format.Keys
	state *state
}

// OpenLog opens the log whose checkpoints these keys sign. stateFile is where this server remembers the last
// checkpoint it saw: a file of its own outside the database, whose folder exists; "" remembers nothing beyond the
// process, which is right for tools and wrong for servers.
func OpenLog(d *db.DB, logs *format.Keys, stateFile string) (*Log, error) {
	s, err := openState(stateFile, logs)
	if err != nil {
		return nil, err
	}
	return &Log{db: d, logs: logs, state: s}, nil
}

// Checkpoint returns the checkpoint that is published, at <log>/checkpoint: the latest, or the newest that enough witnesses cosigned when
// the keys ask for a quorum (format.Keys.Witnessed). It refuses as Latest does; ErrUnwitnessed says that none is cosigned by enough yet.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	latest, err := l.Latest(ctx)
	if err != nil || l.logs.Quorum() == nil {
		return latest, err
	}
	return l.witnessed(ctx)
}

// Latest returns the latest signed checkpoint. It refuses, with ErrBelow or ErrBeside, one that
// does not continue the last that this server saw, and db.ErrNotFound says that no server has signed one yet.
func (l *Log) Latest(ctx context.Context) ([]byte, error) {
	last, signed := l.state.seen() // before the database is asked: what it shows then cannot rightly be older
	var shown string
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select checkpoint from journal_tree`).Scan(&shown)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		if last.Origin != "" {
			return nil, fmt.Errorf("%w: it is empty", ErrBelow)
		}
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	if shown == string(signed) {
		return signed, nil
	}
	next, err := format.OpenCheckpoint([]byte(shown), l.logs)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	if err := admit(last, next, l.tiles(ctx)); err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	return []byte(shown), l.state.keep(next, []byte(shown))
}

// Tile returns what is published at a path below the log's address: tile/<L>/<N>[.p/<W>], hashes of the tree, and
// tile/entries/<N>[.p/<W>], the commitments (C2SP tlog-tiles). immutable says that it may be cached for ever. A path that
// names no tile, or one that does not exist (yet), is db.ErrNotFound.
func (l *Log) Tile(ctx context.Context, path string) (content []byte, immutable bool, err error) {
	t, err := format.ParseTilePath(path)
	if err != nil {
		return nil, false, db.ErrNotFound
	}
	if t.Level == format.EntriesLevel {
		content, err = l.bundle(ctx, t)
	} else {
		content, err = l.tile(ctx, t)
	}
	return content, err == nil, err
}

func (l *Log) tile(ctx context.Context, t format.TilePath) ([]byte, error) {
	var hashes []byte
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select hashes from journal_tile where level = $1 and index = $2`, t.Level, t.Index).Scan(&hashes)
	})
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && len(hashes) < t.Width*len(format.Hash{})) {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read tile: %w", err)
	}
	return hashes[:t.Width*len(format.Hash{})], nil
}

// bundle returns commitments, each after its length in two bytes.
func (l *Log) bundle(ctx context.Context, t format.TilePath) ([]byte, error) {
	var out bytes.Buffer
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		first := t.Index * format.TileWidth
		rows, err := tx.Query(ctx, `select commitment from journal_leaf where index >= $1 and index < $2 order by index`, first, first+int64(t.Width))
		if err != nil {
			return err
		}
		var commitment []byte
		_, err = pgx.ForEachRow(rows, []any{&commitment}, func() error {
			out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(commitment)))) //nolint:gosec // 32, by a CHECK
			out.Write(commitment)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	if out.Len() != t.Width*(2+len(format.Hash{})) {
		return nil, db.ErrNotFound
	}
	return out.Bytes(), nil
}

// errUnread says that a tile could not be asked for, which says nothing about the tree.
var errUnread = errors.New("a tile could not be read")

// tiles reads the tree's tiles for the proofs of the tlog package, for as long as ctx lives.
func (l *Log) tiles(ctx context.Context) format.TileReader {
	return func(t format.TilePath) ([]byte, error) {
		b, err := l.tile(ctx, t)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, fmt.Errorf("%w: %w", errUnread, err)
		}
		return b, err
	}
}
