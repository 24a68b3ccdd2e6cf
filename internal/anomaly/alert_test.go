package anomaly_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/backchannel"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/erasure"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/unsealing"
)

const words = "Une permanence de rentrée, annoncée."

// open makes an alert about somebody: three acts in the evening.
func (w *world) open(by *journal.Actor) anomaly.Alert {
	w.t.Helper()
	w.at(time.Wednesday, 20, 30)
	w.consult(*by, w.sign(*by), 1)
	w.watch()
	all := w.alerts()
	return all[len(all)-1]
}

// Two auditors close one alert at once, and a third takes it into a case: of those who close one does, and a case comes before that or not at all.
func TestRace_OneCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	into := w.inquiry()
	for range 5 {
		a := w.open(&w.Jeanne)
		errs := make([]error, 4)
		var wait sync.WaitGroup
		for i, f := range []func() error{
			func() error { return w.register.Close(t.Context(), w.sofia, a.ID, anomaly.Mistaken, words) },
			func() error { return w.register.Close(t.Context(), w.alma, a.ID, anomaly.Practice, words) },
			func() error { return w.register.Close(t.Context(), w.alma, a.ID, anomaly.Justified, words) },
			func() error { return w.register.Take(t.Context(), w.sofia, a.ID, into) },
		} {
			wait.Go(func() { errs[i] = f() })
		}
		wait.Wait()
		closed := 0
		for i, err := range errs {
			if err != nil && !errors.Is(err, db.ErrConflict) {
				t.Error(err)
			}
			if i < 3 && err == nil {
				closed++
			}
		}
		if closed != 1 {
			t.Errorf("%d closed it: %v", closed, errs)
		}
	}
	w.sound()
}

// Who may do what, and with which words.
func TestClose_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(&w.Jeanne)
	gone := w.Newcomer(t, journal.Auditor, uuid.Nil, "gone")
	w.must(w.Directory.Suspend(t.Context(), journal.Program(), gone.Person))
	other := w.Newcomer(t, journal.Auditor, uuid.Nil, "other")
	other.Kind = journal.Administrator
	herself := w.Jeanne
	herself.Kind, herself.Organisation = journal.Auditor, uuid.Nil
	w.Behind(t, `update person set auditor = true where id = $1`, w.Jeanne.Person)
	for what, x := range map[string]struct {
		by          journal.Actor
		id          uuid.UUID
		kind, words string
		want        error
	}{
		"an aidant":           {w.Paul, a.ID, anomaly.Mistaken, words, org.ErrMayNot},
		"a suspended auditor": {gone, a.ID, anomaly.Mistaken, words, org.ErrMayNot},
		"as administrator":    {other, a.ID, anomaly.Mistaken, words, org.ErrMayNot},
		"whom it is about":    {herself, a.ID, anomaly.Mistaken, words, org.ErrYourself},
		"no such alert":       {w.sofia, uuid.New(), anomaly.Mistaken, words, db.ErrNotFound},
		"no such kind":        {w.sofia, a.ID, "open", words, anomaly.ErrReason},
		"too few words":       {w.sofia, a.ID, anomaly.Mistaken, "  trop   peu ", anomaly.ErrReason},
		"too many words":      {w.sofia, a.ID, anomaly.Mistaken, strings.Repeat("é", anomaly.WordsMax+1), anomaly.ErrReason},
		"what stands nowhere": {w.sofia, a.ID, anomaly.Mistaken, "Son compte est le FR76 3000 6000 0112 3456 7890 189.", anomaly.ErrSecret},
	} {
		if err := w.register.Close(t.Context(), x.by, x.id, x.kind, x.words); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", what, err, x.want)
		}
	}
	if err := w.register.Take(t.Context(), herself, a.ID, w.inquiry()); !errors.Is(err, org.ErrYourself) {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"list": func() error { _, err := w.register.List(t.Context(), w.Paul, anomaly.Wanted{}, 9); return err }(), "find": func() error { _, err := w.register.Find(t.Context(), gone, a.ID); return err }(),
		"rates": func() error { _, _, err := w.register.Rates(t.Context(), other, ""); return err }(),
	} {
		if !errors.Is(err, org.ErrMayNot) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := w.alerts(); len(got) != 1 || got[0].State != anomaly.Open {
		t.Errorf("%+v", got)
	}
}

// An alert goes into a case once, is closed once, its words are sealed, and go a year later; and rates count.
func TestAlert_Life(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	into, other := w.inquiry(), w.inquiry()
	first, second, third := w.open(&w.Jeanne), w.open(&w.Jeanne), w.open(&w.Paul)
	if err := w.register.Take(t.Context(), w.sofia, first.ID, uuid.New()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
	if all, err := w.register.Cases(t.Context(), w.sofia); err != nil || len(all) != 2 || all[1].ID != into || !strings.HasSuffix(all[1].Name, "-0001") {
		t.Errorf("%+v, %v", all, err)
	}
	w.Behind(t, `update inquiry set state = 'closed', closed_by = $2, closed_at = opened_at where id = $1`, other, w.sofia.Person)
	if err := w.register.Take(t.Context(), w.sofia, first.ID, other); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a closed case: %v", err)
	}
	w.must(w.register.Take(t.Context(), w.sofia, first.ID, into))
	if err := w.register.Take(t.Context(), w.alma, first.ID, into); !errors.Is(err, db.ErrConflict) {
		t.Error(err)
	}
	w.must(w.register.Close(t.Context(), w.alma, first.ID, anomaly.Confirmed, words))
	w.must(w.register.Close(t.Context(), w.alma, second.ID, anomaly.Mistaken, "  "+words+"\n"))
	if err := w.register.Take(t.Context(), w.alma, second.ID, into); !errors.Is(err, db.ErrConflict) {
		t.Error(err)
	}
	a, err := w.register.Find(t.Context(), w.sofia, first.ID)
	if err != nil || a.State != anomaly.Closed || a.Case != into || a.TakenBy != w.sofia.Person || a.ClosedBy != w.alma.Person || a.Kind != anomaly.Confirmed || a.Words != words || a.Limits["acts"] != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	var sealed bool
	w.must(w.Connect(t, w.Superuser).QueryRow(t.Context(), `select bool_and(position('permanence'::bytea in words) = 0) from anomaly_alert where words is not null`).Scan(&sealed))
	if !sealed {
		t.Error("the words stand in the table")
	}
	all, months, err := w.register.Rates(t.Context(), w.sofia, "")
	if err != nil || len(all) != 1 || all[0].Found != 3 || all[0].Closed != 2 || all[0].False() != 1 || all[0].Percent() != 50 || all[0].ByKind[anomaly.Confirmed] != 1 || len(months) == 0 || months[0].Month.Day() != 1 {
		t.Errorf("%+v, %+v, %v", all, months, err)
	}
	if (anomaly.Rate{Found: 3}).Percent() != -1 || (anomaly.Rate{Closed: 3, ByKind: map[string]int{anomaly.Mistaken: 2}}).Percent() != 67 {
		t.Error("percent")
	}
	closed, err := w.register.List(t.Context(), w.sofia, anomaly.Wanted{Closed: true, Person: w.Jeanne.Person}, 9)
	if err != nil || len(closed) != 2 || closed[0].ID != second.ID || closed[0].Words != "" {
		t.Errorf("%+v, %v", closed, err)
	}
	if page, err := w.register.List(t.Context(), w.sofia, anomaly.Wanted{Closed: true, Before: closed[0].FoundAt, After: closed[0].ID}, 9); err != nil || len(page) != 1 || page[0].ID != first.ID {
		t.Errorf("%+v, %v", page, err)
	}
	if open := w.alerts(); len(open) != 1 || open[0].ID != third.ID {
		t.Errorf("%+v", open)
	}
	w.sound()
	w.forward(366 * 24 * time.Hour)
	w.must(w.register.Purge(t.Context()))
	if a, err := w.register.Find(t.Context(), w.sofia, first.ID); err != nil || a.Words != "" || a.Kind != anomaly.Confirmed {
		t.Errorf("%+v, %v", a, err)
	}
	w.sound()
}

// The same run again, and two at once, make no second alert; nor does a run from the start.
func TestWatch_Again(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(time.Wednesday, 20, 30)
	w.consult(w.Jeanne, w.sign(w.Jeanne), 5)
	w.must(w.tree.CatchUp(t.Context()))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := w.register.Watch(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	w.wants("odd_hours jeanne map[acts:3]: draft.identified 1, mandate.consulted 1, mandate.signed 1")
	w.Behind(t, `update anomaly_watch set next = 0`)
	w.wants("odd_hours jeanne map[acts:3]: draft.identified 1, mandate.consulted 1, mandate.signed 1")
	var entries, next int
	w.must(w.Connect(t, w.Superuser).QueryRow(t.Context(), `select (select count(*) from journal_entry where action = 'anomaly.found'), next from anomaly_watch`).Scan(&entries, &next))
	if entries != 1 || next == 0 {
		t.Errorf("%d entries, at %d", entries, next)
	}
}

// However often the job runs while a day goes by, it finds what it finds in one run.
func TestWatch_InSteps(t *testing.T) {
	t.Parallel()
	steps, once := newWorld(t), newWorld(t)
	for _, w := range []*world{steps, once} {
		w.set(anomaly.Burst, map[string]int{"acts": 5, "minutes": 20})
		w.at(time.Wednesday, 18, 0)
		m := w.sign(w.Jeanne)
		w.forward(90 * time.Minute)
		for range 9 {
			w.consult(w.Jeanne, m, 1)
			w.forward(6 * time.Minute)
			if w == steps {
				w.watch()
			}
		}
		w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3") // twenty minutes hold four acts
		w.consult(w.Jeanne, m, 2)
		w.wants("odd_hours jeanne map[acts:3]: mandate.consulted 3", "burst jeanne map[acts:5]: mandate.consulted 5")
	}
}

// A citizen of an alert's entries is erased: the alert stays, its places lead nowhere, and no job minds.
func TestAlert_OutlivesACitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ledger, _, err := erasure.OpenLedger(t.TempDir() + "/" + erasure.LedgerName)
	w.must(err)
	t.Cleanup(func() { _ = ledger.Close() })
	erasures := erasure.New(w.DB, w.Journal, w.Phones, w.Clock, ledger, idp.Forget, backchannel.Forget, decision.Forget, unsealing.Forget)
	w.at(time.Wednesday, 20, 30)
	m := w.sign(w.Jeanne)
	w.consult(w.Jeanne, m, 1)
	const found = "odd_hours jeanne map[acts:3]: draft.identified 1, mandate.consulted 1, mandate.signed 1"
	w.wants(found)
	w.forward(time.Minute)
	w.must(w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	w.forward(w.Clock.Now().AddDate(erasure.Years, 0, 1).Sub(w.Clock.Now()))
	w.watch()
	_, err = erasures.Erase(t.Context(), erasure.Who{Organisation: w.Here, Citizen: m.Citizen}, erasure.Term)
	w.must(err)
	a := w.alerts()[0]
	var left int
	w.must(w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = any ($1)`, a.Entries).Scan(&left))
	if left != 1 || len(a.Entries) != 3 { // who they are was told before anybody knew them here: that entry is nobody's
		t.Errorf("%d of %v are left", left, a.Entries)
	}
	w.Behind(t, `update anomaly_watch set next = 0, week = week - 21`)
	w.watch()
	if all := w.alerts(); len(all) != 1 || all[0].ID != a.ID {
		t.Errorf("%+v", all)
	}
	w.sound()
}

// Nobody but the acts writes: what goes by none is refused by the database.
func TestTable_HoldsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(&w.Jeanne)
	conn := w.Connect(t, w.App)
	_, err := conn.Exec(t.Context(), `set mandat.system = 'on'; set default_transaction_read_only = off`)
	w.must(err)
	id := a.ID.String()
	for what, sql := range map[string]string{
		"closed without an entry":   `update anomaly_alert set state = 'closed', kind = 'mistaken', closed_by = '` + w.sofia.Person.String() + `', closed_at = now() + interval '10 years' where id = '` + id + `'`,
		"in a case without one":     `update anomaly_alert set state = 'in_case', case_id = gen_random_uuid(), taken_by = '` + w.sofia.Person.String() + `', taken_at = now() + interval '10 years' where id = '` + id + `'`,
		"closed by nobody":          `update anomaly_alert set state = 'closed' where id = '` + id + `'`,
		"other entries":             `update anomaly_alert set entries = '{1}' where id = '` + id + `'`,
		"gone":                      `delete from anomaly_alert where id = '` + id + `'`,
		"another rule":              `insert into anomaly_rule (key, version, enabled, thresholds, changed_by) values ('burst', 2, false, '{"acts": 30, "minutes": 10}', '` + w.sofia.Person.String() + `')`,
		"a rule that was there":     `update anomaly_rule set enabled = false`,
		"found without an entry":    `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state) select gen_random_uuid(), rule, version, organisation_id, person_id, day + 1, entries, figures, first_at, last_at, found_at, 'open' from anomaly_alert`,
		"a trial without an entry":  `insert into anomaly_trial (id, rule, thresholds, from_day, to_day, made_by, made_at, state) values (gen_random_uuid(), 'burst', '{"acts": 30, "minutes": 10}', '2026-01-01', '2026-01-02', '` + w.sofia.Person.String() + `', now(), 'asked')`,
		"the numbers of telephones": `select * from anomaly_same_number('{}')`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", what)
		}
	}
	if got := w.alerts(); len(got) != 1 || !slices.Equal(got[0].Entries, a.Entries) {
		t.Errorf("%+v", got)
	}
	w.sound()
}

// Whoever writes in the table that says how far the log was looked through keeps nothing from being found for longer than a day, nor a week from being looked at.
func TestAgain_FindsWhatWasPassedBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := func(want int) {
		t.Helper()
		if n, err := w.register.Again(t.Context()); err != nil || n != want {
			t.Errorf("found %d again, %v; want %d", n, err, want)
		}
	}
	w.set(anomaly.FarFromPeers, map[string]int{"acts": 2, "peers": 5, "times": 3})
	w.at(time.Wednesday, 20, 30)
	m := w.sign(w.Jeanne)
	w.consult(w.Jeanne, m, 5)
	w.must(w.tree.CatchUp(t.Context()))
	app := w.Connect(t, w.App)
	behind := func(sql string) error {
		_, err := app.Exec(t.Context(), `set mandat.system = 'on'; `+sql)
		return err
	}
	for _, sql := range []string{`update anomaly_watch set next = 1000000`, `update anomaly_watch set next = next - 1`, `update anomaly_watch set week = week - 7`} {
		if err := behind(sql); err == nil {
			t.Errorf("%s: done", sql)
		}
	}
	w.must(behind(`update anomaly_watch set next = (select size from journal_tree)`))
	w.wants()
	again(1)
	const found = "odd_hours jeanne map[acts:3]: draft.identified 1, mandate.consulted 1, mandate.signed 1"
	w.wants(found)
	again(0)
	w.forward(24 * time.Hour)
	w.consult(w.Paul, m, 4)
	w.watch()
	w.set(anomaly.OddHours, map[string]int{"acts": 2})
	again(0) // by the rule of then both were found
	for n := range 5 {
		w.consult(w.Aidant(t, w.Here, fmt.Sprintf("pair-%d", n)), m, 2)
	}
	w.at(time.Monday, 10, 0)
	w.must(behind(`update anomaly_watch set week = week + 70`))
	w.watch()
	before := len(w.alerts())
	again(1)
	if all := w.alerts(); len(all) != before+1 || all[before].Rule != anomaly.FarFromPeers {
		t.Errorf("%+v", all)
	}
	again(0)
	w.sound()
}
