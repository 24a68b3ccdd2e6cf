package anomaly_test

import (
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// A change is another version, from then on; what was found before stays with its own.
func TestChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(&w.Jeanne)
	w.set(anomaly.OddHours, map[string]int{"acts": 2})
	w.at(time.Thursday, 20, 30)
	w.sign(w.Paul)
	w.wants("odd_hours jeanne map[acts:3]: draft.identified 1, mandate.consulted 1, mandate.signed 1", "odd_hours paul map[acts:2]: draft.identified 1, mandate.signed 1")
	if all := w.alerts(); all[0].Version != 1 || all[1].Version != 2 {
		t.Errorf("%+v", all)
	}
	off := w.rule(anomaly.OddHours)
	off.Enabled = false
	w.must(w.register.Change(t.Context(), w.sofia, off))
	w.at(time.Friday, 20, 30)
	w.consult(w.Paul, w.sign(w.Paul), 5)
	w.watch()
	if all := w.alerts(); len(all) != 2 {
		t.Errorf("found while it was off: %+v", all)
	}
	versions, err := w.register.History(t.Context(), w.sofia, anomaly.OddHours)
	if err != nil || len(versions) != 3 || versions[0].Enabled || versions[0].ChangedBy != w.sofia.Person || versions[2].ChangedBy != uuid.Nil || len(versions[0].Bounds) != 6 {
		t.Errorf("%+v, %v", versions, err)
	}
	w.sound()
}

// Each of these changes nothing; nor does a trial of it begin.
func TestChange_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.rule(anomaly.Burst)
	with := func(change func(*anomaly.Rule)) anomaly.Rule {
		r := now
		r.Thresholds = maps.Clone(now.Thresholds)
		r.Thresholds["acts"] = 40
		change(&r)
		return r
	}
	good := with(func(*anomaly.Rule) {})
	stale := w.sofia
	stale.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Minute)
	for what, x := range map[string]struct {
		by   journal.Actor
		rule anomaly.Rule
		want error
	}{
		"an aidant":       {w.Jeanne, good, org.ErrMayNot},
		"an old factor":   {stale, good, org.ErrFactorTooOld},
		"nothing new":     {w.sofia, now, anomaly.ErrBounds},
		"too few":         {w.sofia, with(func(r *anomaly.Rule) { r.Thresholds["acts"] = 4 }), anomaly.ErrBounds},
		"too many":        {w.sofia, with(func(r *anomaly.Rule) { r.Thresholds["acts"] = 501 }), anomaly.ErrBounds},
		"one is missing":  {w.sofia, with(func(r *anomaly.Rule) { delete(r.Thresholds, "minutes") }), anomaly.ErrBounds},
		"one too many":    {w.sofia, with(func(r *anomaly.Rule) { r.Thresholds["times"] = 6 }), anomaly.ErrBounds},
		"another version": {w.sofia, with(func(r *anomaly.Rule) { r.Version = 7 }), db.ErrConflict},
		"no such rule":    {w.sofia, with(func(r *anomaly.Rule) { r.Key = "none" }), db.ErrNotFound},
	} {
		if err := w.register.Change(t.Context(), x.by, x.rule); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", what, err, x.want)
		}
	}
	if r := w.rule(anomaly.Burst); r.Version != 1 {
		t.Errorf("%+v", r)
	}
	errs := make([]error, 3)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			errs[i] = w.register.Change(t.Context(), []journal.Actor{w.sofia, w.alma, w.sofia}[i], with(func(r *anomaly.Rule) { r.Thresholds["acts"] = 50 + i }))
		})
	}
	wait.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
	}
	if r := w.rule(anomaly.Burst); done != 1 || r.Version != 2 {
		t.Errorf("%d changed it: %+v", done, r)
	}
	w.sound()
}

// try has a rule tried, and returns what came of it.
func (w *world) try(rule string, thresholds map[string]int, from, to time.Time) anomaly.Trial {
	w.t.Helper()
	id, err := w.register.Try(w.t.Context(), w.sofia, rule, thresholds, from, to)
	w.must(err)
	w.must(w.tree.CatchUp(w.t.Context()))
	w.must(w.register.Kind().Work(w.t.Context(), id, true))
	all, err := w.register.Trials(w.t.Context(), w.sofia, rule)
	w.must(err)
	if all[0].ID != id || all[0].State != anomaly.TrialDone || all[0].Done != all[0].Whole {
		w.t.Fatalf("%+v", all[0])
	}
	return all[0]
}

// A trial with the thresholds in force finds on the same days what was found; with others it tells what would be new and what would be lost. It changes nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := day(w.Clock.Now())
	first := w.open(&w.Jeanne)
	w.open(&w.Paul)
	w.at(time.Friday, 21, 0)
	w.sign(w.Ines) // two acts
	w.watch()
	w.must(w.register.Close(t.Context(), w.alma, first.ID, anomaly.Mistaken, words))
	until := day(w.Clock.Now())
	for what, x := range map[string]struct {
		acts        int
		from, to    time.Time
		found, new  int
		again, lost map[string]int
	}{
		"as in force":   {3, begun, until, 2, 0, map[string]int{"open": 1, "mistaken": 1}, map[string]int{}},
		"fewer acts":    {2, begun, until, 3, 1, map[string]int{"open": 1, "mistaken": 1}, map[string]int{}},
		"more acts":     {4, begun, until, 0, 0, map[string]int{}, map[string]int{"open": 1, "mistaken": 1}},
		"its first day": {3, day(first.First), day(first.First), 1, 0, map[string]int{"mistaken": 1}, map[string]int{}},
		"days between":  {2, day(first.First).AddDate(0, 0, 1), day(first.First).AddDate(0, 0, 3), 0, 0, map[string]int{}, map[string]int{}},
	} {
		r := w.try(anomaly.OddHours, map[string]int{"opens": 7, "closes": 20, "saturday": 1, "sunday": 0, "holidays": 0, "acts": x.acts}, x.from, x.to).Result
		if r.Found != x.found || r.New != x.new || !maps.Equal(r.Again, x.again) || !maps.Equal(r.Lost, x.lost) {
			t.Errorf("%s: %+v", what, r)
		}
	}
	if all := w.alerts(); len(all) != 1 || w.rule(anomaly.OddHours).Version != 1 {
		t.Errorf("a trial changed something: %+v", all)
	}
	w.sound()
}

// Weeks are tried as they are judged.
func TestTry_Weeks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := day(w.Clock.Now()).AddDate(0, 0, -7)
	thresholds := map[string]int{"acts": 2, "peers": 5, "times": 5}
	w.set(anomaly.FarFromPeers, thresholds)
	m := w.sign(w.Jeanne)
	for n := range 4 {
		w.consult(w.Aidant(t, w.Here, "peer-"+string(rune('a'+n))), m, 2)
	}
	w.consult(w.Ines, w.sign(w.Ines), 6)
	w.at(time.Monday, 12, 0)
	w.watch()
	if r := w.try(anomaly.FarFromPeers, thresholds, begun, day(w.Clock.Now())).Result; r.Found != 1 || r.Again["open"] != 1 {
		t.Errorf("%+v", r)
	}
	thresholds["times"] = 7
	if r := w.try(anomaly.FarFromPeers, thresholds, begun, day(w.Clock.Now())).Result; r.Found != 0 || r.Lost["open"] != 1 {
		t.Errorf("%+v", r)
	}
}

// Each of these tries nothing.
func TestTry_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, today := map[string]int{"acts": 40, "minutes": 10}, day(w.Clock.Now())
	for what, x := range map[string]struct {
		by         journal.Actor
		thresholds map[string]int
		from, to   time.Time
		want       error
	}{
		"an aidant":     {w.Jeanne, good, today, today, org.ErrMayNot},
		"out of bounds": {w.sofia, map[string]int{"acts": 4, "minutes": 10}, today, today, anomaly.ErrBounds},
		"backwards":     {w.sofia, good, today, today.AddDate(0, 0, -1), anomaly.ErrPeriod},
		"to come":       {w.sofia, good, today, today.AddDate(0, 0, 1), anomaly.ErrPeriod},
		"too long":      {w.sofia, good, today.AddDate(0, 0, -anomaly.MostDays), today, anomaly.ErrPeriod},
	} {
		if _, err := w.register.Try(t.Context(), x.by, anomaly.Burst, x.thresholds, x.from, x.to); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", what, err, x.want)
		}
	}
	if _, err := w.register.Try(t.Context(), w.sofia, anomaly.Burst, good, today.AddDate(0, 0, 1-anomaly.MostDays), today); err != nil {
		t.Error(err)
	}
	if _, err := w.register.Try(t.Context(), w.sofia, anomaly.Burst, good, today, today); !errors.Is(err, db.ErrConflict) {
		t.Errorf("while another one is not done: %v", err)
	}
	var entries int
	w.must(w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'anomaly.tried'`).Scan(&entries))
	if entries != 1 {
		t.Errorf("%d entries", entries)
	}
}

// day is the day of a time in Paris as trials name it.
func day(t time.Time) time.Time {
	y, m, d := t.In(prose.Paris).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
