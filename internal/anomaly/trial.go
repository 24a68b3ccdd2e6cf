package anomaly

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Job is the kind of the jobs that do trials.
const Job = "try_rule"

// MostDays is how many days a trial looks at, at the most.
const MostDays = 92

// The states of a trial, beside asked and running.
const (
	TrialDone   = "done"
	TrialFailed = "failed"
)

// Trial is a rule with some thresholds, tried on history.
type Trial struct {
	ID         uuid.UUID
	Rule       string
	Thresholds map[string]int
	From, To   time.Time // the first and the last day, midnight UTC; of weeks, their Mondays count
	MadeBy     uuid.UUID
	MadeAt     time.Time
	State      string
	Done       int64 // entries of the log that were looked through,
	Whole      int64 // of so many
	Result     *Result
}

// Result is what a trial counted.
type Result struct {
	Found int            `json:"found"` // alerts that there would be
	New   int            `json:"new"`   // of them, those that there are not
	Again map[string]int `json:"again"` // of them, those that there are, by how they were closed, or open or in_case
	Lost  map[string]int `json:"lost"`  // alerts of the rule in the period that there would not be, likewise
}

// tried is the detail of the entry; docs/journal.md lists it.
type tried struct {
	Trial      string         `json:"trial"`
	Rule       string         `json:"rule"`
	Thresholds map[string]int `json:"thresholds"`
	From       string         `json:"from"`
	To         string         `json:"to"`
}

// Try asks for a trial of a rule on the days from the first to the last, of which none is to come. It reads the journal, and is therefore an act; it changes nothing else. One of an auditor
// is done at a time. Errors: ErrBounds, ErrPeriod, db.ErrConflict while another one of theirs is not done, org.ErrMayNot.
func (r *Register) Try(ctx context.Context, by journal.Actor, rule string, thresholds map[string]int, from, to time.Time) (uuid.UUID, error) {
	id := token.ID()
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if to.Before(from) || !to.Before(from.AddDate(0, 0, MostDays)) || to.After(dayOf(tx.Now)) || from.Year() < 2000 {
			return journal.Event{}, ErrPeriod
		}
		if err := fits(ctx, tx, rule, thresholds); err != nil {
			return journal.Event{}, err
		}
		_, err := tx.Exec(ctx, `insert into anomaly_trial (id, rule, thresholds, from_day, to_day, made_by, made_at, state) values ($1, $2, $3, $4, $5, $6, $7, 'asked')`, id, rule, thresholds, from, to, by.Person, tx.Now)
		if db.Unique(err, "anomaly_trial_one") {
			err = db.ErrConflict
		}
		jobs.Enqueue(tx.Tx, Job, id)
		return journal.Event{Action: "anomaly.tried", Detail: tried{id.String(), rule, thresholds, from.Format(time.DateOnly), to.Format(time.DateOnly)}}, err
	})
	return id, wrap("try a rule", err)
}

const trialColumns = `id, rule, thresholds, from_day, to_day, made_by, made_at, state, done, coalesce(whole, 0), result`

func scanTrial(row pgx.CollectableRow) (Trial, error) {
	var t Trial
	err := row.Scan(&t.ID, &t.Rule, &t.Thresholds, &t.From, &t.To, &t.MadeBy, &t.MadeAt, &t.State, &t.Done, &t.Whole, &t.Result)
	t.From, t.To, t.MadeAt = t.From.UTC(), t.To.UTC(), t.MadeAt.UTC()
	return t, err
}

// Trials lists the last ten trials of a rule, the newest first, to an auditor. It returns org.ErrMayNot.
func (r *Register) Trials(ctx context.Context, by journal.Actor, rule string) ([]Trial, error) {
	var out []Trial
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+trialColumns+` from anomaly_trial where rule = $1 order by made_at desc, id desc limit 10`, rule)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanTrial)
		return err
	})
	return out, wrap("list trials", err)
}

// Kind is the job that does trials.
func (r *Register) Kind() jobs.Kind {
	return jobs.Kind{Name: Job, Timeout: 15 * time.Minute, Work: r.work}
}

func (r *Register) work(ctx context.Context, id uuid.UUID, last bool) error {
	var t Trial
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+trialColumns+` from anomaly_trial where id = $1`, id)
		if err == nil {
			t, err = pgx.CollectExactlyOneRow(rows, scanTrial)
		}
		return err
	})
	if err != nil || t.State == TrialDone || t.State == TrialFailed {
		return wrap("find a trial", err)
	}
	result, err := r.replay(ctx, &t)
	switch {
	case err == nil:
		err = r.note(ctx, `update anomaly_trial set state = 'done', done = whole, result = $2, ended_at = $3 where id = $1 and state = 'running'`, id, result, r.clock.Now())
	case last:
		_ = r.note(context.WithoutCancel(ctx), `update anomaly_trial set state = 'failed', ended_at = $2 where id = $1 and state in ('asked', 'running')`, id, r.clock.Now()) // the first error is the one to tell
	}
	return wrap("try a rule", err)
}

func (r *Register) note(ctx context.Context, sql string, args ...any) error {
	return r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// replay does a trial, from the start.
func (r *Register) replay(ctx context.Context, t *Trial) (*Result, error) {
	rule := Rule{Key: t.Rule, Enabled: true, Thresholds: t.Thresholds}
	start, err := r.indexAt(ctx, begins(t.From).Add(-back))
	if err != nil {
		return nil, err
	}
	end, err := r.indexAt(ctx, begins(t.To.AddDate(0, 0, 1)).Add(2*jitter))
	if err != nil {
		return nil, err
	}
	if t.Rule == OddHours { // whose days end last in French Polynesia
		if end, err = r.indexAt(ctx, begins(t.To.AddDate(0, 0, 1)).Add(abroad)); err != nil {
			return nil, err
		}
	}
	if t.Rule == FarFromPeers {
		if end, err = r.indexAt(ctx, begins(t.To.AddDate(0, 0, 8)).Add(2*jitter)); err != nil {
			return nil, err
		}
	}
	if err := r.note(ctx, `update anomaly_trial set state = 'running', done = 0, whole = $2 where id = $1 and state in ('asked', 'running')`, t.ID, end-start); err != nil {
		return nil, err
	}
	done := int64(0)
	progress := func(n int64) error {
		done = min(done+n, end-start)
		return r.note(ctx, `update anomaly_trial set done = $2 where id = $1 and state = 'running'`, t.ID, done)
	}
	found := map[key]bool{}
	if t.Rule == FarFromPeers {
		err = r.replayWeeks(ctx, rule, t, found, progress)
	} else {
		p := &pass{rules: map[string]Rule{t.Rule: rule}, seen: map[key]bool{}}
		if err = r.prepare(ctx, p); err == nil {
			err = r.days(ctx, p, start, end, func(at int64, all []Finding) error {
				for i := range all {
					if f := &all[i]; !f.Day.Before(t.From) && !f.Day.After(t.To) {
						found[f.key()] = true
					}
				}
				return progress(min(step, at-start-done))
			})
		}
	}
	if err != nil {
		return nil, err
	}
	return r.result(ctx, t, found)
}

// replayWeeks looks at the weeks that begin in the period, and are over.
func (r *Register) replayWeeks(ctx context.Context, rule Rule, t *Trial, found map[key]bool, progress func(int64) error) error {
	monday := t.From
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, 1)
	}
	for ; !monday.After(t.To) && !r.clock.Now().Before(begins(monday.AddDate(0, 0, 7)).Add(jitter)); monday = monday.AddDate(0, 0, 7) {
		looked := int64(0)
		all, err := r.week(ctx, rule, monday, func(n int64) { looked += n })
		if err != nil {
			return err
		}
		for i := range all {
			found[all[i].key()] = true
		}
		if err := progress(looked); err != nil {
			return err
		}
	}
	return nil
}

// result holds what was found to the alerts that there are.
func (r *Register) result(ctx context.Context, t *Trial, found map[key]bool) (*Result, error) {
	out := &Result{Found: len(found), New: len(found), Again: map[string]int{}, Lost: map[string]int{}}
	err := r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select organisation_id, person_id, day, coalesce(kind, state) from anomaly_alert where rule = $1 and day between $2 and $3`, t.Rule, t.From, t.To)
		if err != nil {
			return err
		}
		k := key{rule: t.Rule}
		var how string
		_, err = pgx.ForEachRow(rows, []any{&k.organisation, &k.person, &k.day, &how}, func() error {
			if k.day = k.day.UTC(); found[k] {
				out.Again[how]++
				out.New--
			} else {
				out.Lost[how]++
			}
			return nil
		})
		return err
	})
	return out, err
}
