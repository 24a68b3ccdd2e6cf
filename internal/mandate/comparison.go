package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Comparison is the outcome of a comparison of mandates and journal.
type Comparison struct {
	At          time.Time // zero: there was none yet
	Differences int
}

// KeepComparison keeps an outcome where every server's metrics find it.
func (r *Register) KeepComparison(ctx context.Context, c Comparison) error {
	err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into mandate_comparison (at, differences) values ($1, $2) on conflict (one) do update set at = excluded.at, differences = excluded.differences`, c.At, c.Differences)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep comparison: %w", err)
	}
	return nil
}

// LastComparison returns the last outcome that was kept, the zero one when there is none.
func (r *Register) LastComparison(ctx context.Context) (Comparison, error) {
	var c Comparison
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select at, differences from mandate_comparison`).Scan(&c.At, &c.Differences)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Comparison{}, nil
	}
	if err != nil {
		return Comparison{}, fmt.Errorf("read comparison: %w", err)
	}
	return c, nil
}
