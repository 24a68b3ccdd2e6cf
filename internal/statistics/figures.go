package statistics

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The lengths of the periods that figures are shown by.
const (
	ByDay   = "day"
	ByWeek  = "week" // from its Monday
	ByMonth = "month"
)

// mostPeriods is how many periods of a length are shown at most, and mostYears how long a span of days is.
var mostPeriods = map[string]int{ByDay: 100, ByWeek: 60, ByMonth: 121}

const mostYears = 10

// Question is which figures are wanted.
type Question struct {
	Organisation uuid.UUID // uuid.Nil: all of them
	Procedure    string    // "": any, and none
	Action       string    // "": all that are counted
	From, To     time.Time // the first day and the last, as midnight UTC; the zero times: the twelve months until now
	By           string    // one of ByDay, ByWeek, ByMonth; "": what suits the span
}

// actions are those that are asked for.
func (q *Question) actions() []string {
	if q.Action == "" {
		return Actions()
	}
	return []string{q.Action}
}

// complete gives a question the span and the length of periods that it does not name, and shorter periods than fit on a page longer ones. It returns ErrSpan.
func (q *Question) complete(now time.Time) error {
	if q.To.IsZero() {
		q.To = dayOf(now)
	}
	if q.From.IsZero() {
		q.From = monthOf(q.To).AddDate(0, -11, 0)
	}
	if q.To.Before(q.From) || q.To.After(q.From.AddDate(mostYears, 0, 0)) {
		return ErrSpan
	}
	if q.By == "" {
		switch days := q.To.Sub(q.From) / (24 * time.Hour); {
		case days <= 31:
			q.By = ByDay
		case days <= 120:
			q.By = ByWeek
		default:
			q.By = ByMonth
		}
	}
	for _, longer := range [][2]string{{ByDay, ByWeek}, {ByWeek, ByMonth}} {
		if q.By == longer[0] && len(q.periods()) > mostPeriods[q.By] {
			q.By = longer[1]
		}
	}
	return nil
}

// begin is the first day of the period that a day is in.
func (q *Question) begin(day time.Time) time.Time {
	switch q.By {
	case ByMonth:
		return monthOf(day)
	case ByWeek:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	}
	return day
}

func (q *Question) after(begin time.Time) time.Time {
	switch q.By {
	case ByMonth:
		return begin.AddDate(0, 1, 0)
	case ByWeek:
		return begin.AddDate(0, 0, 7)
	}
	return begin.AddDate(0, 0, 1)
}

// periods are those of the span, the first and the last perhaps in part.
func (q *Question) periods() []Period {
	var out []Period
	for begin := q.begin(q.From); !begin.After(q.To); begin = q.after(begin) {
		p := Period{From: begin, To: q.after(begin).AddDate(0, 0, -1)}
		if p.From.Before(q.From) {
			p.From = q.From
		}
		if p.To.After(q.To) {
			p.To = q.To
		}
		out = append(out, p)
	}
	return out
}

// Period is a day, a week or a month, or what of it lies in the span.
type Period struct {
	From, To time.Time // the first day and the last
	Acts     int64
}

// Share is a part of the acts.
type Share struct {
	Key  string // an action, a procedure, or an organisation's id; "" for the organisations that have no line of their own
	Name string // of the organisation
	Acts int64
}

// Figures are the answer to a question.
type Figures struct {
	Question
	Name          string // of the one organisation that is asked about
	Total         int64
	Periods       []Period
	Actions       []Share // those that were done, in the order of Actions
	Organisations []Share // the largest first, of an organisation nothing
	Procedures    []Share // the largest first; an act is in each that it names
	Counted       int64   // entries of the journal that were looked at
	Waiting       int64   // that were not yet
}

// largest is how many organisations have a line of their own.
const largest = 20

// Figures answers a question: about all organisations to auditors and administrators, about their own to referents, who get db.ErrNotFound for another one. Others get org.ErrMayNot.
// A span that is none is ErrSpan.
func (r *Register) Figures(ctx context.Context, by journal.Actor, q Question) (Figures, error) {
	scope, err := q.scope(by)
	if err != nil {
		return Figures{}, err
	}
	if err := q.complete(r.clock.Now()); err != nil {
		return Figures{}, err
	}
	out := Figures{Question: q, Periods: q.periods()}
	err = r.db.Snapshot(ctx, scope, func(tx pgx.Tx) error {
		if err := ask(ctx, tx, by); err != nil {
			return err
		}
		if q.Organisation != uuid.Nil {
			if err := tx.QueryRow(ctx, `select name from organisation where id = $1`, q.Organisation).Scan(&out.Name); err != nil {
				return err
			}
		}
		for _, part := range []func(context.Context, pgx.Tx) error{out.overTime, out.byOrganisation, out.byProcedure} {
			if err := part(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
			next, size, err := stands(ctx, tx)
			out.Counted, out.Waiting = next, max(size-next, 0)
			return err
		})
	}
	if err != nil {
		return Figures{}, db.Found("read figures", err)
	}
	return out, nil
}

// scope is what of the figures the actor may see; a referent's question is about their own organisation.
func (q *Question) scope(by journal.Actor) (db.Scope, error) {
	switch by.Kind {
	case journal.Auditor, journal.Administrator:
		return db.System(), nil
	case journal.Referent:
		if q.Organisation != uuid.Nil && q.Organisation != by.Organisation {
			return db.Nothing(), db.ErrNotFound
		}
		q.Organisation = by.Organisation
		return db.InOrganisation(by.Organisation), nil
	}
	return db.Nothing(), org.ErrMayNot
}

// ask asks whether the actor is what they say, for a page.
func ask(ctx context.Context, tx pgx.Tx, by journal.Actor) error {
	switch by.Kind {
	case journal.Referent:
		return org.AskRunner(ctx, tx, by)
	case journal.Administrator:
		return org.AskAdministrator(ctx, tx, by)
	}
	return org.AskAuditor(ctx, tx, by)
}

// counts are the rows of the span, without its months that are whole, and those months; $1 to $4 are bounds.
const counts = `(select organisation_id, month as day, procedure, action, acts from statistics_month where month >= $2::date and month < $3::date
	union all select organisation_id, day, procedure, action, acts from statistics_day where day >= $1::date and day < $2::date
	union all select organisation_id, day, procedure, action, acts from statistics_day where day >= $3::date and day < $4::date) s`

// bounds are the first day, the first month that is whole, the day after the last one, and the day after the last; $5 are the actions.
func (q *Question) bounds(months bool) []any {
	end := q.To.AddDate(0, 0, 1)
	low, high := monthOf(q.From.AddDate(0, 0, -1)).AddDate(0, 1, 0), monthOf(end)
	if !months || !low.Before(high) {
		low, high = end, end
	}
	return []any{q.From, low, high, end, q.actions()}
}

func (f *Figures) overTime(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select s.day, s.action, sum(s.acts)::bigint from `+counts+` where s.action = any ($5) and s.organisation_id = $6 and s.procedure = $7 group by 1, 2`,
		append(f.bounds(f.By == ByMonth), f.Organisation, f.Procedure)...)
	if err != nil {
		return err
	}
	at, of := map[time.Time]int64{}, map[string]int64{}
	var day time.Time
	var action string
	var acts int64
	_, err = pgx.ForEachRow(rows, []any{&day, &action, &acts}, func() error {
		at[f.begin(day.UTC())] += acts
		of[action] += acts
		f.Total += acts
		return nil
	})
	for i := range f.Periods {
		f.Periods[i].Acts = at[f.begin(f.Periods[i].From)]
	}
	for _, action := range Actions() {
		if of[action] > 0 {
			f.Actions = append(f.Actions, Share{Key: action, Acts: of[action]})
		}
	}
	return err
}

func (f *Figures) byOrganisation(ctx context.Context, tx pgx.Tx) error {
	if f.Organisation != uuid.Nil {
		return nil
	}
	rows, err := tx.Query(ctx, `select t.id::text, coalesce(o.name, ''), t.acts from (select s.organisation_id as id, sum(s.acts)::bigint as acts from `+counts+`
			where s.action = any ($5) and s.organisation_id <> $6 and s.procedure = $7 group by 1 order by 2 desc, 1 limit $8) t left join organisation o on o.id = t.id order by t.acts desc, t.id`,
		append(f.bounds(true), uuid.Nil, f.Procedure, largest)...)
	if err != nil {
		return err
	}
	f.Organisations, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Share])
	others := f.Total
	for _, s := range f.Organisations {
		others -= s.Acts
	}
	if len(f.Organisations) == largest && others > 0 {
		f.Organisations = append(f.Organisations, Share{Acts: others})
	}
	return err
}

func (f *Figures) byProcedure(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select s.procedure, '', sum(s.acts)::bigint from `+counts+` where s.action = any ($5) and s.organisation_id = $6 and s.procedure <> '' and ($7 = '' or s.procedure = $7)
		group by 1 order by 3 desc, 1`, append(f.bounds(true), f.Organisation, f.Procedure)...)
	if err != nil {
		return err
	}
	f.Procedures, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Share])
	return err
}

// Asked reports whether an action is one that is counted.
func Asked(action string) bool { return slices.Contains(Actions(), action) }
