package statistics

import (
	"context"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/throttle"
)

// Edition is a month that was published.
type Edition struct {
	Month       time.Time // its first day, as midnight UTC
	PublishedAt time.Time
	Lines       int
	SHA256      []byte // see Digest
}

// Editions lists the months that were published, the newest first.
func (r *Register) Editions(ctx context.Context) ([]Edition, error) {
	var out []Edition
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		var err error
		out, err = editions(ctx, tx)
		return err
	})
	return out, wrap("list published months", err)
}

func editions(ctx context.Context, tx pgx.Tx) ([]Edition, error) {
	rows, err := tx.Query(ctx, `select month, published_at, lines, sha256 from statistics_edition order by month desc`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Edition, error) {
		var e Edition
		err := row.Scan(&e.Month, &e.PublishedAt, &e.Lines, &e.SHA256)
		e.Month, e.PublishedAt = e.Month.UTC(), e.PublishedAt.UTC()
		return e, err
	})
}

// Published returns the lines of a published month, in the order of Digest; none for another one.
func (r *Register) Published(ctx context.Context, month time.Time) ([]Line, error) {
	var out []Line
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		var err error
		out, err = linesOf(ctx, tx, month)
		return err
	})
	return out, wrap("read a published month", err)
}

func linesOf(ctx context.Context, tx pgx.Tx, month time.Time) ([]Line, error) {
	rows, err := tx.Query(ctx, `select action, department, theme, acts from statistics_line where month = $1 order by action collate "C", department collate "C", theme collate "C"`, month)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
}

// Take takes one of the downloads that a network has: twenty at once, and one more every half minute. It returns a throttle.WaitError when there is none.
func (r *Register) Take(ctx context.Context, from netip.Addr) error {
	return r.limits.Spend(ctx, func() error { return nil }, throttle.Allowance{Of: "statistics.network", Who: throttle.Network(from), Burst: 20, Every: 30 * time.Second})
}
