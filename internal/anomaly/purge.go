package anomaly

import (
	"context"

	"mandat/internal/db"
)

// Purge destroys the words with which alerts were closed a year ago, or of whose citizens one was erased, unless a hold keeps what is about the alert's organisation or a citizen of its entries,
// and deletes trials that ended a year ago, which are about nobody. A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	now := r.clock.Now()
	err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		queueDestroy(tx, `(closed_at < $2 or erased_at is not null)`, now, now.Add(-keepWords))
		return nil
	})
	if err == nil {
		_, err = r.db.Purge(ctx, db.System(), `delete from anomaly_trial where id in (select id from anomaly_trial where ended_at < $1 limit $2)`, now.Add(-keepWords))
	}
	return wrap("purge alerts and trials", err)
}
