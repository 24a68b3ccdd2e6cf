package tree

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// ErrUnwitnessed says that no checkpoint bears the cosignatures that are asked for: the log has no witnesses yet, or they
// have not answered. It is a db.ErrNotFound.
var ErrUnwitnessed = fmt.Errorf("no checkpoint is cosigned by enough witnesses: %w", db.ErrNotFound)

// The columns of a kept checkpoint c as a note with the cosignatures that there are.
const cosignedNote = `c.note || coalesce((select string_agg(s.line, '' order by s.key) from journal_cosignature s where s.size = c.size), '')`

// searched is how many kept checkpoints are looked at for one that satisfies somebody else's quorum than the server's.
const searched = 1000

// witnessed returns the newest kept checkpoint that satisfies the quorum, with its cosignatures. The collector has marked those
// that satisfied the server's. For who asks for others it looks at the newest that bear any.
func (l *Log) witnessed(ctx context.Context) ([]byte, error) {
	var found []byte
	err := l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		for _, from := range []string{
			`journal_witnessed w join journal_checkpoint c using (size) order by w.size desc limit 3`,
			`journal_checkpoint c where exists (select from journal_cosignature s where s.size = c.size) order by c.size desc limit ` + fmt.Sprint(searched),
		} {
			rows, err := tx.Query(ctx, `select `+cosignedNote+` from `+from)
			if err != nil {
				return err
			}
			if found, err = l.firstCosigned(rows); err != nil || found != nil {
				return err
			}
		}
		return ErrUnwitnessed
	})
	if err != nil && !errors.Is(err, ErrUnwitnessed) {
		err = fmt.Errorf("read the witnessed checkpoint: %w", err)
	}
	return found, err
}

// firstCosigned returns the first note that satisfies the quorum, or nil.
func (l *Log) firstCosigned(rows pgx.Rows) ([]byte, error) {
	defer rows.Close()
	var note []byte
	for rows.Next() {
		if err := rows.Scan(&note); err != nil {
			return nil, err
		}
		if l.logs.Quorum().Satisfied(note) {
			return note, nil
		}
	}
	return nil, rows.Err()
}

// cosigned returns the checkpoints kept of trees of more than first and at most end entries, in order, with the cosignatures of
// witnesses behind our signatures, and a blank line after each.
func cosigned(ctx context.Context, tx pgx.Tx, first, end int64) ([]byte, error) {
	rows, err := tx.Query(ctx, `select `+cosignedNote+` from journal_checkpoint c where c.size > $1 and c.size <= $2 order by c.size`, first, end)
	if err != nil {
		return nil, err
	}
	var out []byte
	var note string
	_, err = pgx.ForEachRow(rows, []any{&note}, func() error { out = append(append(out, note...), '\n'); return nil })
	return out, err
}

// Cosigned returns the checkpoint that was kept of a tree of this size, with the cosignatures that there are.
func Cosigned(ctx context.Context, tx pgx.Tx, size int64) ([]byte, error) {
	var note string
	err := tx.QueryRow(ctx, `select `+cosignedNote+` from journal_checkpoint c where c.size = $1`, size).Scan(&note)
	return []byte(note), db.Found("read a kept checkpoint", err)
}

// ProveGrowth returns the hashes that show that the tree of a checkpoint begins with that of its first old entries
// (RFC 6962 section 2.1.2): none for an old size of 0, or of the tree itself.
func (l *Log) ProveGrowth(ctx context.Context, old int64, to format.Checkpoint) ([]format.Hash, error) {
	if old == 0 || old == to.Size {
		return nil, nil
	}
	path, err := tlog.ProveTree(to.Size, old, tlog.TileHashReader(to.Tree(), l.tiles(ctx)))
	if err != nil {
		return nil, fmt.Errorf("prove the growth from %d to %d entries: %w", old, to.Size, err)
	}
	out := make([]format.Hash, len(path))
	for i, h := range path {
		out[i] = format.Hash(h)
	}
	return out, nil
}
