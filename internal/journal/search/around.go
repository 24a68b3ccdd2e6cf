package search

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// around reads an entry of the log with those beside it.
func (f *Finder) around(ctx context.Context, index int64) (View, error) {
	v := View{Index: index}
	err := f.db.Snapshot(ctx, db.System(), func(tx pgx.Tx) error {
		var commitment []byte
		if err := tx.QueryRow(ctx, `select commitment from journal_leaf where index = $1`, index).Scan(&commitment); err != nil {
			return err
		}
		copy(v.Commitment[:], commitment)
		return eachOf(ctx, tx, index-nearEach, index+nearEach+1, func(at int64, e *journal.Entry) {
			v.Near = append(v.Near, Near{at, e})
			if at == index {
				v.Entry = e
			}
		})
	})
	if err != nil {
		return View{}, db.Found(fmt.Sprintf("read entry %d of the log", index), err)
	}
	return v, nil
}
