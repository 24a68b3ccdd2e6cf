package tree

import (
	"context"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// stampsAtOnce is how many timestamps are read at a time.
const stampsAtOnce = 500

// stamps puts the timestamps of the kept checkpoints of a whole log, as far as the export's checkpoint goes.
func (e *exporter) stamps(ctx context.Context) error {
	type stamped struct {
		size  int64
		token []byte
	}
	for last := int64(0); e.whole; {
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
			if err := e.put(format.TimestampName(s.size), s.token); err != nil {
				return err
			}
			last = s.size
		}
		if len(some) < stampsAtOnce {
			return nil
		}
	}
	return nil
}
