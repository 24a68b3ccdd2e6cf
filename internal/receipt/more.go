package receipt

import (
	"context"
	"fmt"

	"mandat/internal/db"
)

// Extend begins a new list when more than a quarter of the newest is taken. A job asks it to: a list that is fuller goes on to serve, by more draws.
func (r *Register) Extend(ctx context.Context) error { return r.extend(ctx, places/4) }

func (r *Register) extend(ctx context.Context, most int) error {
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into receipt_list (list, created_at) select l.list + 1, $1 from (select max(list) as list from receipt_list) l
			where (select count(*) from receipt_status s where s.list = l.list) > $2 on conflict do nothing`, r.clock.Now(), most)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin a status list: %w", err)
	}
	return nil
}
