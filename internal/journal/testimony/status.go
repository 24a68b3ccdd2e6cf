package testimony

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/verify"
)

const (
	alarmEvery  = 30 * time.Second
	alarmBehind = 5 * time.Minute  // for which no quorum stands
	sayAgain    = 10 * time.Minute // of a witness that fails the same way
)

// Status tells how far the witnesses are, on whichever server they were asked.
type Status struct {
	Size    int64            // entries under the newest checkpoint that enough witnesses cosigned; 0: there is none
	Behind  time.Duration    // age of the oldest kept checkpoint after it; alarm above five minutes
	Failing map[string]Fault // by the witnesses' names in the policy
}

// Fault is how a witness fails, and since when. "ahead" and "fork" say that it holds what the database does not.
type Fault struct {
	Kind  string
	Since time.Time
}

// Disagrees reports whether the witness holds another journal than ours, or more of it than we.
func (f Fault) Disagrees() bool { return f.Kind == ahead || f.Kind == fork }

// Witnesses are the names of the witnesses in the policy.
func (c *Collector) Witnesses() []string {
	var out []string
	for _, w := range c.policy.Witnesses() {
		out = append(out, w.Name)
	}
	return out
}

// Status reads it from the database.
func (c *Collector) Status(ctx context.Context) (Status, error) {
	s := Status{Failing: map[string]Fault{}}
	names := map[string]string{}
	for _, w := range c.policy.Witnesses() {
		names[w.ID()] = w.Name
	}
	err := c.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		var behind float64
		err := tx.QueryRow(ctx, `with w as (select coalesce(max(size), 0) as size from journal_witnessed)
			select w.size, coalesce((select extract(epoch from clock_timestamp() - k.at) from journal_checkpoint k where k.size > w.size order by k.size limit 1), 0)::float8 from w`).Scan(&s.Size, &behind)
		if err != nil {
			return err
		}
		s.Behind = time.Duration(behind * float64(time.Second))
		rows, err := tx.Query(ctx, `select key, failure, failing_since from journal_witness where failure is not null`)
		if err != nil {
			return err
		}
		var key string
		var f Fault
		_, err = pgx.ForEachRow(rows, []any{&key, &f.Kind, &f.Since}, func() error {
			if name, ok := names[key]; ok {
				s.Failing[name] = f
			}
			return nil
		})
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("read how far the witnesses are: %w", err)
	}
	return s, nil
}

// Await waits until enough witnesses have cosigned a checkpoint of at least the tree of now, or ctx ends. The collectors of servers must run.
func (c *Collector) Await(ctx context.Context) error {
	if c.policy.Keys().Quorum() == nil {
		return nil
	}
	size, err := c.treeSize(ctx)
	for err == nil {
		var s Status
		if s, err = c.Status(ctx); err != nil || s.Size >= size {
			return err
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(c.tick / 4):
		}
	}
	return fmt.Errorf("wait for witnesses: %w", err)
}

// alarm logs that what is published grows old.
func (c *Collector) alarm(ctx context.Context) {
	s, err := c.Status(ctx)
	if err != nil || c.policy.Keys().Quorum() == nil || s.Behind < alarmBehind {
		return // a database that does not answer alarms elsewhere
	}
	c.logger.ErrorContext(ctx, "journal: too few witnesses cosign; what is published grows old", "behind_seconds", s.Behind.Seconds(), "failing", len(s.Failing))
}

// tell logs how a witness fails, when that is new or has lasted.
func (c *Collector) tell(ctx context.Context, w verify.Witness, a outcome) {
	c.mu.Lock()
	before := c.told[w.ID()]
	again := a.failure == before.failure && time.Since(before.at) < sayAgain
	if !again {
		c.told[w.ID()] = told{a.failure, time.Now()}
	}
	c.mu.Unlock()
	switch {
	case again:
	case a.failure == ahead || a.failure == fork:
		c.logger.ErrorContext(ctx, "JOURNAL: A WITNESS HOLDS ANOTHER JOURNAL THAN THE DATABASE (docs/journal.md says what to do)", "witness", w.Name, "how", a.failure, slog.Any("error", a.err))
	case a.failure != "":
		c.logger.WarnContext(ctx, "journal: a witness does not cosign", "witness", w.Name, "how", a.failure, slog.Any("error", a.err))
	case before.failure != "":
		c.logger.InfoContext(ctx, "journal: a witness cosigns again", "witness", w.Name)
	}
}
