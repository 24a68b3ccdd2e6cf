package search

import (
	"context"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// manyAtOnce lets PostgreSQL ask the disk for the pages of many rows before it reads the first one, where it can: what is found lies far apart in the log.
const manyAtOnce = `select set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'on', true),
	set_config('effective_io_concurrency', case current_setting('effective_io_concurrency') when '0' then '0' else '64' end, true)`

// fetch reads entries by their places in the log, as the last thing of its transaction. Those that were forgotten are not among them.
func fetch(ctx context.Context, tx pgx.Tx, places []int64, each func(*journal.Entry)) error {
	ids, at := make([]int64, 0, len(places)), make(map[int64]int64, len(places))
	leaves := &pgx.Batch{}
	leaves.Queue(manyAtOnce)
	leaves.Queue(`select index, entry_id from journal_leaf where index = any ($1)`, places).Query(func(rows pgx.Rows) error {
		var index, id int64
		_, err := pgx.ForEachRow(rows, []any{&index, &id}, func() error {
			ids, at[id] = append(ids, id), index
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, leaves).Close(); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select 0::bigint, id, at, action, organisation_id, person_id, citizen_id, mandate_id, body, session_id from journal_entry where id = any ($1)`, ids)
	if err != nil {
		return err
	}
	var r row
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		e := r.entry()
		e.Index = at[e.ID]
		each(e)
		return nil
	})
	return err
}
