package anomaly

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// Rate is how many alerts a version of a rule made, and how those that are closed were. With a month it is of those found in it, by the time in Paris.
type Rate struct {
	Rule    string
	Version int
	Month   time.Time // the first of the month, midnight UTC; zero: of all time
	Found   int
	Closed  int
	ByKind  map[string]int
}

// False is how many were false alarms: closed because the rule was mistaken.
func (r Rate) False() int { return r.ByKind[Mistaken] }

// Percent is the share of false alarms among those that are closed, in whole per cent; -1 when none is closed.
func (r Rate) Percent() int {
	if r.Closed == 0 {
		return -1
	}
	return (200*r.False() + r.Closed) / (2 * r.Closed)
}

// Rates counts alerts by rule and version, to an auditor: of all time, the newest version first, then by month, at most a hundred lines. rule is "" for all. It returns org.ErrMayNot.
func (r *Register) Rates(ctx context.Context, by journal.Actor, rule string) (all, months []Rate, err error) {
	err = r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select rule, version, month, count(*), count(*) filter (where state = 'closed'), count(*) filter (where kind = 'confirmed'), count(*) filter (where kind = 'justified'),
				count(*) filter (where kind = 'practice'), count(*) filter (where kind = 'mistaken')
			from (select rule, version, state, kind, date_trunc('month', found_at at time zone 'Europe/Paris')::date as month from anomaly_alert where $1 = '' or rule = $1) a
			group by grouping sets ((rule, version), (rule, version, month)) order by rule, month desc nulls first, version desc`, rule)
		if err != nil {
			return err
		}
		var x Rate
		var month *time.Time
		var confirmed, justified, practice, mistaken int
		_, err = pgx.ForEachRow(rows, []any{&x.Rule, &x.Version, &month, &x.Found, &x.Closed, &confirmed, &justified, &practice, &mistaken}, func() error {
			x.ByKind, x.Month = map[string]int{Confirmed: confirmed, Justified: justified, Practice: practice, Mistaken: mistaken}, time.Time{}
			if month == nil {
				all = append(all, x)
			} else if x.Month = month.UTC(); len(months) < 100 {
				months = append(months, x)
			}
			return nil
		})
		return err
	})
	return all, months, wrap("count alerts", err)
}
