package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Failure is a job that did not go well.
type Failure struct {
	ID      int64
	Name    string // of the Periodic or the Kind
	Tries   int
	At      time.Time // of the last try
	Error   string    // what it said; names nobody
	Given   bool      // it was given up; else it is tried again
	NextTry time.Time // zero when it was given up
}

// Board shows administrators the jobs that failed.
type Board struct{ db *db.DB }

// NewBoard returns the board of this database's queue.
func NewBoard(d *db.DB) *Board { return &Board{d} }

// failures are the most that Failed returns.
const failures = 200

// Failed lists the jobs that were given up within the last week, and those that failed and will be tried again, latest first.
func (b *Board) Failed(ctx context.Context) ([]Failure, error) {
	var out []Failure
	err := b.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, coalesce(args ->> 'name', kind), attempt, attempted_at, coalesce(errors[cardinality(errors)] ->> 'error', ''), state <> 'retryable', scheduled_at
			from river_job where state in ('discarded', 'cancelled', 'retryable') order by attempted_at desc nulls last limit $1`, failures)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Failure, error) {
			var f Failure
			var at *time.Time
			err := row.Scan(&f.ID, &f.Name, &f.Tries, &at, &f.Error, &f.Given, &f.NextTry)
			if at != nil {
				f.At = *at
			}
			f.Error = strings.TrimPrefix(f.Error, "JobCancelError: ") // River's word for GiveUp
			if f.Given {
				f.NextTry = time.Time{}
			}
			return f, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list failed jobs: %w", err)
	}
	return out, nil
}

// retried is the detail of the entry.
type retried struct {
	Kind string `json:"kind"` // name of the Periodic or the Kind
	Job  int64  `json:"job"`
}

// Retry is the act of letting a job that failed run again at once; who may do that the caller has asked (org.Directory.Administer). It returns
// db.ErrNotFound when there is no such job, db.ErrConflict when the same one waits already.
func (b *Board) Retry(ctx context.Context, tx *journal.Tx, id int64) (journal.Event, error) {
	detail := retried{Job: id}
	err := tx.QueryRow(ctx, `update river_job set state = 'available', scheduled_at = now(), finalized_at = null, max_attempts = greatest(max_attempts, attempt + 1)
		where id = $1 and state in ('discarded', 'cancelled', 'retryable') returning coalesce(args ->> 'name', kind)`, id).Scan(&detail.Kind)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		err = db.ErrNotFound
	case db.Unique(err, "river_job_unique_idx"):
		err = db.ErrConflict
	}
	if err != nil {
		return journal.Event{}, fmt.Errorf("retry job %d: %w", id, err)
	}
	return journal.Event{Action: "job.retried", Detail: detail}, nil
}
