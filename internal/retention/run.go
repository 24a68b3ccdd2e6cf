package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/erasure"
)

// Until says before which time things of a policy are due.
type Until func(key string) time.Time

// under is a policy during a run.
type under struct {
	Policy
	until       time.Time
	before, now int64 // due before the run
	held        int64
}

// Do runs what lets go the things of some policies, and notes what it did: what was due before and is not any more. What is held it leaves, as run has to. An error of
// run is returned, and what was done before it is noted. Two servers may do it at once: each notes what it saw.
func (r *Register) Do(ctx context.Context, run func(context.Context, Until) error, keys ...string) error {
	now := r.clock.Now()
	of := map[string]*under{}
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		for _, key := range keys {
			p, err := find(ctx, tx, key)
			if err != nil {
				return err
			}
			u := &under{Policy: p, until: p.next(now)}
			if u.before, _, err = r.count(ctx, tx, key, u.until, now); err != nil {
				return err
			}
			of[key] = u
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("what is due: %w", err)
	}
	failed := run(ctx, func(key string) time.Time { return of[key].until })
	return errors.Join(failed, r.note(context.WithoutCancel(ctx), now, of, failed == nil))
}

// note notes what a run did. A limit that a change set is over once a run has kept to it.
func (r *Register) note(ctx context.Context, now time.Time, of map[string]*under, whole bool) error {
	for key, u := range of {
		err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			var err error
			u.now, u.held, err = r.count(ctx, tx, key, u.until, now)
			return err
		})
		if err == nil {
			err = r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error { return u.write(ctx, tx, now, whole) })
		}
		if err != nil {
			return fmt.Errorf("note what was done of %s: %w", key, err)
		}
	}
	return nil
}

func (u *under) write(ctx context.Context, tx *db.Tx, now time.Time, whole bool) error {
	done := max(u.before-u.now, 0)
	_, err := tx.Exec(ctx, `insert into retention_run (policy, at, done, held, total, done_at) values ($1, $2, $3::bigint, $4, $3::bigint, case when $3::bigint > 0 then $2::timestamptz end)
		on conflict (policy) do update set at = excluded.at, done = excluded.done, held = excluded.held, total = retention_run.total + excluded.done,
			done_at = coalesce(excluded.done_at, retention_run.done_at)`, u.Key, now, done, u.held)
	if err == nil && whole && !u.Limit.IsZero() {
		_, err = tx.Exec(ctx, `update retention_policy set cutoff = null where key = $1 and cutoff = $2`, u.Key, u.Limit)
	}
	return err
}

// lot is how many citizens one run erases at most: each is an act of its own, and the next run goes on.
const lot = 500

// Erase erases the citizens whose time is over. Whose entries are not in the log's tree yet, whom a hold keeps since, or for whom a mandate was signed meanwhile, is left
// for later. It goes on with the others when one cannot be erased.
func (r *Register) Erase(ctx context.Context, _ Until) error {
	due, err := r.erasure.Due(ctx, r.clock.Now(), lot)
	if err != nil {
		return err
	}
	for _, who := range due {
		if _, one := r.erasure.Erase(ctx, who, erasure.Term); one != nil && !erasure.Later(one) {
			err = errors.Join(err, one)
		}
	}
	return err
}
