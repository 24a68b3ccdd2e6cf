package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/journal"
)

// The refusals that callers tell apart, besides org.ErrMayNot, org.ErrFactorTooOld and db.ErrNotFound.
var (
	ErrBounds = errors.New("the period is outside its bounds, or the one there is")
	ErrTrial  = errors.New("no dry run of this person is an hour old at most and of the period there is")
)

// Policy is how long one sort of things is kept.
type Policy struct {
	Key         string
	Unit        string // minute, hour, day, month or year
	Amount      int    // 0: until its own time is over, and no longer
	Least, Most int    // bounds of Amount
	ChangedAt   time.Time
	Last        Run
	Limit       time.Time // the next run takes nothing younger; zero: no limit
}

// Run is what was done last, and in all.
type Run struct {
	At                time.Time // zero: nothing was done yet
	Done, Held, Total int64
	DoneAt            time.Time // when something went for the last time
}

// Fixed reports whether the period cannot be changed.
func (p Policy) Fixed() bool { return p.Least == p.Most }

// Until is the time before which things are due at a time, with a period of some amount.
func (p Policy) Until(now time.Time, amount int) time.Time {
	switch p.Unit {
	case "minute":
		return now.Add(-time.Duration(amount) * time.Minute)
	case "hour":
		return now.Add(-time.Duration(amount) * time.Hour)
	case "day":
		return now.Add(-time.Duration(amount) * 24 * time.Hour)
	case "month":
		return now.AddDate(0, -amount, 0)
	}
	return now.AddDate(-amount, 0, 0)
}

// next is Until of the next run: no later than what the dry run counted.
func (p Policy) next(now time.Time) time.Time {
	until := p.Until(now, p.Amount)
	if !p.Limit.IsZero() && p.Limit.Before(until) {
		return p.Limit
	}
	return until
}

// Register keeps the policies, and does what they say.
type Register struct {
	db      *db.DB
	journal *journal.Journal
	erasure *erasure.Register
	clock   *clock.Clock
}

// New returns the register of this database.
func New(d *db.DB, j *journal.Journal, e *erasure.Register, c *clock.Clock) *Register {
	return &Register{d, j, e, c}
}

const columns = `p.key, p.unit, p.amount, p.least, p.most, p.changed_at, p.cutoff, r.at, coalesce(r.done, 0), coalesce(r.held, 0), coalesce(r.total, 0), r.done_at
	from retention_policy p left join retention_run r on r.policy = p.key `

func scan(row pgx.CollectableRow) (Policy, error) {
	var p Policy
	var changed, limit, at, done *time.Time
	err := row.Scan(&p.Key, &p.Unit, &p.Amount, &p.Least, &p.Most, &changed, &limit, &at, &p.Last.Done, &p.Last.Held, &p.Last.Total, &done)
	p.ChangedAt, p.Limit, p.Last.At, p.Last.DoneAt = db.OrZero(changed), db.OrZero(limit), db.OrZero(at), db.OrZero(done)
	return p, err
}

// querier is a transaction of whatever kind.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func list(ctx context.Context, q querier) ([]Policy, error) {
	rows, err := q.Query(ctx, `select `+columns+`order by p.key`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// find finds a policy. It returns db.ErrNotFound.
func find(ctx context.Context, q querier, key string) (Policy, error) {
	rows, err := q.Query(ctx, `select `+columns+`where p.key = $1`, key)
	if err != nil {
		return Policy{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	return p, db.Found("find a policy", err)
}

// Policies lists all of them, in the order of the table in docs/retention.md.
func (r *Register) Policies(ctx context.Context) ([]Policy, error) {
	var out []Policy
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var err error
		out, err = list(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	return inOrder(out), nil
}

// Find finds one policy. It returns db.ErrNotFound.
func (r *Register) Find(ctx context.Context, key string) (Policy, error) {
	var p Policy
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var err error
		p, err = find(ctx, tx, key)
		return err
	})
	return p, err
}

// Trial is a dry run of another period.
type Trial struct {
	ID          uuid.UUID
	Policy      Policy
	Amount      int
	Due, Held   int64 // things that the period would let go at the next run, and those that a hold keeps
	DueNow      int64 // with the period there is
	Until, Made time.Time
}
