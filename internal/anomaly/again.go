package anomaly

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// lookedAgain is how many days before today are looked through once more: a run may be missed.
const lookedAgain = 2

// Again looks once more through what the log got on the last days, and through the last week that is over, as far as Watch says that it has come: whoever can write in the table that says so could
// have had it pass something by. What is found so, and was not before, becomes an alert; how many these are is returned. It is for a job.
func (r *Register) Again(ctx context.Context) (passed int, err error) {
	next, week, err := r.stands(ctx)
	if err == nil {
		passed, err = r.daysAgain(ctx, next)
	}
	if err == nil {
		var more int
		more, err = r.weekAgain(ctx, week)
		passed += more
	}
	return passed, wrap("look for anomalies again", err)
}

func (r *Register) daysAgain(ctx context.Context, end int64) (passed int, err error) {
	from, err := r.indexAt(ctx, begins(dayOf(r.clock.Now()).AddDate(0, 0, -lookedAgain)))
	if err != nil || from >= end {
		return 0, err
	}
	start, p, err := r.newPass(ctx, from, end)
	if err != nil {
		return 0, err
	}
	err = r.days(ctx, p, start, end, func(_ int64, found []Finding) error {
		n, err := r.recordPassed(ctx, p.rules, found)
		passed += n
		return err
	})
	return passed, err
}

// weekAgain looks at the last week that is over, if Watch says that it did.
func (r *Register) weekAgain(ctx context.Context, next time.Time) (passed int, err error) {
	today := dayOf(r.clock.Now())
	monday := today.AddDate(0, 0, -7-(int(today.Weekday())+6)%7)
	if !monday.Before(next) || r.clock.Now().Before(begins(monday.AddDate(0, 0, 7)).Add(jitter)) {
		return 0, nil
	}
	var rules map[string]Rule
	known := &pass{seen: map[key]bool{}}
	err = r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if rules, err = inForce(ctx, tx); err != nil {
			return err
		}
		return known.known(ctx, tx, monday)
	})
	if err != nil || !rules[FarFromPeers].Enabled {
		return 0, err
	}
	all, err := r.week(ctx, rules[FarFromPeers], monday, func(int64) {})
	if err != nil {
		return 0, err
	}
	var found []Finding
	for i := range all {
		if !known.seen[all[i].key()] {
			found = append(found, all[i])
		}
	}
	return r.recordPassed(ctx, rules, found)
}

// recordPassed makes alerts of findings. What was done before the version of its rule is judged by none: it was by the one of then.
func (r *Register) recordPassed(ctx context.Context, rules map[string]Rule, found []Finding) (n int, err error) {
	for i := range found {
		f := &found[i]
		if f.Last.Before(rules[f.Rule].Since) {
			continue
		}
		if err := r.record(ctx, f); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
