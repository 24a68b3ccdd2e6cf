package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Stamped returns the newest checkpoint that has a timestamp, with the cosignatures that there are, and the timestamp (RFC 3161, DER). It refuses as Latest does;
// db.ErrNotFound: there is none.
func (l *Log) Stamped(ctx context.Context) (signed, token []byte, err error) {
	if _, err := l.Latest(ctx); err != nil {
		return nil, nil, err
	}
	return l.stamped(ctx, `order by t.size desc limit 1`)
}

func (l *Log) stamped(ctx context.Context, which string, args ...any) (signed, token []byte, err error) {
	var note string
	err = l.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+cosignedNote+`, t.token from journal_timestamp t join journal_checkpoint c using (size) `+which, args...).Scan(&note, &token)
	})
	return []byte(note), token, db.Found("read a timestamp", err)
}

// ProveStamped is Prove under the first checkpoint over the entry that has a timestamp, which it returns too: the proof shows then that the entry was there at its
// time. Without one it is Prove, and the timestamp is nil.
func (l *Log) ProveStamped(ctx context.Context, index int64) (text, entry, token []byte, err error) {
	if _, err := l.Latest(ctx); err != nil {
		return nil, nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	signed, token, err := l.stamped(ctx, `where t.size > $1 order by t.size limit 1`, index)
	if q := l.logs.Quorum(); errors.Is(err, db.ErrNotFound) || err == nil && q != nil && !q.Satisfied(signed) {
		text, entry, err = l.Prove(ctx, index)
		return text, entry, nil, err
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	text, entry, err = l.proveUnder(ctx, index, signed)
	return text, entry, token, err
}

// stampsAtOnce is how many timestamps are read at a time.
const stampsAtOnce = 500

// stamps puts the timestamps of the kept checkpoints that the export has.
func (e *exporter) stamps(ctx context.Context) error {
	type stamped struct {
		size  int64
		token []byte
	}
	for last := int64(0); ; {
		var some []stamped
		err := e.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `select size, token from journal_timestamp where size > $1 and size <= $2 order by size limit $3`, last, e.head.Size, stampsAtOnce)
			if err != nil {
				return err
			}
			some, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (stamped, error) {
				var s stamped
				err := row.Scan(&s.size, &s.token)
				return s, err
			})
			return err
		})
		if err != nil {
			return err
		}
		for _, s := range some {
			last = s.size
			if !e.whole && !e.keptAt[s.size] {
				continue
			}
			if err := e.put(format.TimestampName(s.size), s.token); err != nil {
				return err
			}
		}
		if len(some) < stampsAtOnce {
			return nil
		}
	}
}

// keeps notes which checkpoints a part has: a file of them is texts and signatures in turns, with a blank line between.
func (e *exporter) keeps(checkpoints []byte) error {
	if e.whole {
		return nil // it has all of them
	}
	if e.keptAt == nil {
		e.keptAt = map[int64]bool{}
	}
	halves := bytes.Split(checkpoints, []byte("\n\n"))
	for i := 0; i+1 < len(halves); i += 2 {
		c, err := format.ParseCheckpoint(string(halves[i]))
		if err != nil {
			return err
		}
		e.keptAt[c.Size] = true
	}
	return nil
}
