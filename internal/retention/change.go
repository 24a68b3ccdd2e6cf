package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// TrialLife is how long after a dry run its period can be put in force.
const TrialLife = time.Hour

// changed is the detail of the entry; docs/journal.md lists it.
type changed struct {
	Policy string `json:"policy"`
	From   int    `json:"from"`
	To     int    `json:"to"`
	Unit   string `json:"unit"`
	Due    int64  `json:"due"` // as the dry run counted
	Held   int64  `json:"held"`
	Trial  string `json:"trial"`
}

// Try is a dry run of another period: it counts what the next run would let go, and changes nothing but that it was counted, for an administrator. Errors: ErrBounds,
// org.ErrMayNot, db.ErrNotFound.
func (r *Register) Try(ctx context.Context, by journal.Actor, key string, amount int) (Trial, error) {
	now := r.clock.Now().UTC().Truncate(time.Microsecond)
	t := Trial{ID: token.ID(), Amount: amount, Made: now}
	batch := &pgx.Batch{}
	may := org.MayAdminister(batch, by)
	err := r.db.WriteAfter(ctx, db.System(), db.Durable, batch, func(tx *db.Tx) error {
		err := may()
		if err != nil {
			return err
		}
		if t.Policy, err = find(ctx, tx, key); err != nil {
			return err
		}
		if amount < t.Policy.Least || amount > t.Policy.Most || amount == t.Policy.Amount {
			return ErrBounds
		}
		t.Until = t.Policy.Until(now, amount)
		if t.Due, t.Held, err = r.count(ctx, tx, key, t.Until, now); err != nil {
			return err
		}
		if t.DueNow, _, err = r.count(ctx, tx, key, t.Policy.next(now), now); err != nil {
			return err
		}
		tx.Queue(`delete from retention_trial t where made_at < $1 and not exists (select from retention_policy p where p.trial = t.id)`, now.Add(-2*TrialLife))
		tx.QueueOne(`insert into retention_trial (id, policy, was, amount, due, held, cutoff, made_at, made_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.ID, key, t.Policy.Amount, amount, t.Due, t.Held, t.Until, now, by.Person)
		return nil
	})
	if err != nil {
		return Trial{}, fmt.Errorf("try a period: %w", err)
	}
	return t, nil
}

// Change puts in force the period of a dry run that the same administrator has looked at within TrialLife, with a fresh second factor. The next run lets nothing go that the
// dry run did not count. One that is in force is of no other period than there is, and is refused. It returns the policy's key. Errors: ErrTrial, org.ErrMayNot, org.ErrFactorTooOld.
func (r *Register) Change(ctx context.Context, by journal.Actor, trial uuid.UUID) (string, error) {
	c := changed{Trial: trial.String()}
	batch := &pgx.Batch{}
	may := org.MayAdminister(batch, by)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		err := may()
		if err == nil {
			err = org.Fresh(by, tx.Now)
		}
		if err != nil {
			return journal.Event{}, err
		}
		err = tx.QueryRow(ctx, `update retention_policy p set amount = t.amount, changed_at = $3, changed_by = $2, trial = t.id, cutoff = t.cutoff from retention_trial t
			where t.id = $1 and t.made_by = $2 and t.made_at > $4 and p.key = t.policy and p.amount = t.was
			returning p.key, t.was, t.amount, p.unit, t.due, t.held`, trial, by.Person, tx.Now, tx.Now.Add(-TrialLife)).Scan(&c.Policy, &c.From, &c.To, &c.Unit, &c.Due, &c.Held)
		if err = db.Found("find a dry run", err); err == db.ErrNotFound { //nolint:errorlint // Found returns it as it is
			err = ErrTrial
		}
		return journal.Event{Action: "retention.changed", Detail: c}, err
	})
	if err != nil {
		return "", fmt.Errorf("change a period: %w", err)
	}
	return c.Policy, nil
}

// Pending is the last dry run of a policy by a person that can still be put in force; false when there is none.
func (r *Register) Pending(ctx context.Context, by journal.Actor, key string) (Trial, bool, error) {
	var t Trial
	var there bool
	now := r.clock.Now()
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var err error
		if t.Policy, err = find(ctx, tx, key); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select id, amount, due, held, cutoff, made_at from retention_trial where policy = $1 and made_by = $2 and made_at > $3 and was = $4 order by made_at desc, id desc limit 1`, key, by.Person, now.Add(-TrialLife), t.Policy.Amount)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&t.ID, &t.Amount, &t.Due, &t.Held, &t.Until, &t.Made}, func() error {
			there = true
			return nil
		})
		if err == nil {
			t.DueNow, _, err = r.count(ctx, tx, key, t.Policy.next(now), now)
		}
		return err
	})
	if err != nil {
		return Trial{}, false, fmt.Errorf("find a dry run: %w", err)
	}
	return t, there, nil
}
