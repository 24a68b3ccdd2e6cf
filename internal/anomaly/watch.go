package anomaly

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// pass is one way through the log, from somewhere to its end as it was then.
type pass struct {
	rules     map[string]Rule
	detectors []detector
	from      int64 // what lies before is looked at so that days are whole, and finds nothing
	seen      map[key]bool
}

// Watch looks through what the log has got since it did last, and at the weeks that are over. It is for a job; done by two servers at once, each alert is there once all the same.
func (r *Register) Watch(ctx context.Context) error {
	next, week, err := r.stands(ctx)
	if err == nil {
		err = errors.Join(r.watchDays(ctx, next), r.watchWeeks(ctx, week))
	}
	return wrap("look for anomalies", err)
}

// stands is how far the log was looked through.
func (r *Register) stands(ctx context.Context) (next int64, week time.Time, err error) {
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select next, week from anomaly_watch`).Scan(&next, &week)
	})
	return next, week.UTC(), err
}

// errOther says that another server has gone on meanwhile.
var errOther = errors.New("another server looks for anomalies")

func (r *Register) watchDays(ctx context.Context, next int64) error {
	end, err := r.size(ctx)
	if err != nil || next >= end {
		return err
	}
	start, p, err := r.newPass(ctx, next, end)
	if err != nil {
		return err
	}
	err = r.days(ctx, p, start, end, func(at int64, found []Finding) error {
		for i := range found {
			if err := r.record(ctx, &found[i]); err != nil {
				return err
			}
		}
		if at <= next {
			return nil
		}
		err := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
			return tx.ExecOne(ctx, errOther, `update anomaly_watch set next = $2, at = $3 where next = $1`, next, at, r.clock.Now())
		})
		next = at
		return err
	})
	if errors.Is(err, errOther) {
		return nil
	}
	return err
}

// newPass prepares one that finds from an index on, and begins a day before the day of what stands there.
func (r *Register) newPass(ctx context.Context, next, end int64) (start int64, p *pass, err error) {
	p = &pass{from: next, seen: map[key]bool{}}
	day, start := time.Time{}, next
	err = r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if p.rules, err = inForce(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `select e.at from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index limit 1`, next, end).Scan(&day)
		if errors.Is(err, pgx.ErrNoRows) { // all of them were forgotten
			return nil
		}
		day = dayOf(day)
		if err == nil {
			err = p.known(ctx, tx, day)
		}
		return err
	})
	if err == nil && !day.IsZero() {
		start, err = r.indexAt(ctx, begins(day).Add(-back))
		start = min(start, next)
	}
	if err == nil {
		err = r.prepare(ctx, p)
	}
	return start, p, err
}

// prepare gives a pass its detectors.
func (r *Register) prepare(ctx context.Context, p *pass) error {
	places, err := r.places(ctx)
	p.detectors = detectors(p.rules, places)
	return err
}

// known reads what was found already, from the day before a day on.
func (p *pass) known(ctx context.Context, tx pgx.Tx, day time.Time) error {
	rows, err := tx.Query(ctx, `select rule, organisation_id, person_id, day from anomaly_alert where day >= $1`, day.AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	var k key
	_, err = pgx.ForEachRow(rows, []any{&k.rule, &k.organisation, &k.person, &k.day}, func() error {
		k.day = k.day.UTC()
		p.seen[k] = true
		return nil
	})
	return err
}

// days goes through the log, some thousand entries at a time. After each of these steps it hands over up to where it went and what was found, in no transaction.
func (r *Register) days(ctx context.Context, p *pass, start, end int64, each func(at int64, found []Finding) error) error {
	shared := p.rules[SharedPhone]
	for at := start; at < end; at += step {
		to := min(at+step, end)
		var found []Finding
		var verified []act
		var latest time.Time
		err := r.read(ctx, at, to, func(a *act) {
			for _, d := range p.detectors {
				if f := d.see(a); f != nil && a.index >= p.from && !p.seen[f.key()] {
					p.seen[f.key()] = true
					found = append(found, *f)
				}
			}
			if shared.Enabled && a.action == "phone.verified" && a.index >= p.from {
				verified = append(verified, *a)
			}
			if a.at.After(latest) {
				latest = a.at
			}
		})
		if err != nil {
			return err
		}
		same, err := r.phones(ctx, shared, verified)
		if err != nil {
			return err
		}
		for _, f := range same {
			if !p.seen[f.key()] {
				p.seen[f.key()] = true
				found = append(found, f)
			}
		}
		for _, d := range p.detectors {
			d.forget(latest.Add(-2 * back))
		}
		if err := each(to, found); err != nil {
			return err
		}
	}
	return nil
}

// watchWeeks looks at the weeks that are over, one after the other.
func (r *Register) watchWeeks(ctx context.Context, monday time.Time) error {
	for ; !r.clock.Now().Before(begins(monday.AddDate(0, 0, 7)).Add(jitter)); monday = monday.AddDate(0, 0, 7) {
		var rule Rule
		err := r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
			rules, err := inForce(ctx, tx)
			rule = rules[FarFromPeers]
			return err
		})
		if err != nil {
			return err
		}
		if rule.Enabled {
			found, err := r.week(ctx, rule, monday, func(int64) {})
			if err != nil {
				return err
			}
			slices.SortFunc(found, func(a, b Finding) int { return slices.Compare(a.Entries, b.Entries) })
			for i := range found {
				if err := r.record(ctx, &found[i]); err != nil {
					return err
				}
			}
		}
		err = r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
			return tx.ExecOne(ctx, errOther, `update anomaly_watch set week = $2, at = $3 where week = $1`, monday, monday.AddDate(0, 0, 7), r.clock.Now())
		})
		if errors.Is(err, errOther) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
