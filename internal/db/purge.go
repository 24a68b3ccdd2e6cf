package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PurgeBatch is how many rows a purge deletes in one transaction: a long writing transaction would hold the journal's
// integrator back.
const PurgeBatch = 500

// Purge deletes until nothing is left, and returns how many rows went. sql is a DELETE whose arguments are args and, after them, the most rows
// that it may take at once. What a crash undoes goes the next time.
func (d *DB) Purge(ctx context.Context, s Scope, sql string, args ...any) (int, error) {
	all := 0
	for purged := int64(PurgeBatch); purged == PurgeBatch; {
		batch := &pgx.Batch{}
		batch.Queue(sql, append(args[:len(args):len(args)], PurgeBatch)...).Exec(func(tag pgconn.CommandTag) error {
			purged = tag.RowsAffected()
			return nil
		})
		if err := d.Pipeline(ctx, s, Soon, batch); err != nil {
			return all, err
		}
		all += int(purged)
	}
	return all, nil
}
