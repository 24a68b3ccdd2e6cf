package anomaly_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/opening"
	"mandat/internal/prose"
	"mandat/internal/report"
)

// world is a database with a journal that is grown by hand, two auditors, and the register of anomalies.
type world struct {
	*fixture.Telephone
	t           testing.TB
	register    *anomaly.Register
	reports     *report.Register
	inquiries   *inquiry.Register
	tree        *tree.Integrator
	sofia, alma journal.Actor
	citizens    int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Telephone: fixture.New(t).Telephone(t), t: t}
	w.tree = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Clock: w.Clock})
	w.register = anomaly.New(w.DB, w.OpenAuditor(t), w.Journal, w.Keys, w.Clock)
	w.reports = report.New(w.DB, w.Journal, w.Mandates, w.Citizens, w.Clock)
	w.inquiries = inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates, w.Clock, notify.Queue)
	w.sofia, w.alma = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	w.at(time.Tuesday, 10, 0)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// at puts the clock forward to the next such day that is no public holiday, at an hour in Paris.
func (w *world) at(day time.Weekday, hour, minute int) {
	w.t.Helper()
	now := w.Clock.Now().In(prose.Paris)
	for n := 0; ; n++ {
		y, m, d := now.AddDate(0, 0, n).Date()
		to := time.Date(y, m, d, hour, minute, 0, 0, prose.Paris)
		if to.Weekday() == day && to.After(now) && !opening.Holiday(to, "") {
			w.forward(to.Sub(now))
			return
		}
	}
}

// forward puts the clock forward; aidants and auditors have a fresh factor.
func (w *world) forward(d time.Duration) {
	w.Clock.Advance(d)
	for _, a := range []*journal.Actor{&w.Jeanne, &w.Paul, &w.Ines, &w.sofia, &w.alma} {
		a.FactorAt = w.Clock.Now()
	}
}

// next is another citizen.
func (w *world) next() citizen.Identity {
	w.citizens++
	return fixture.Citizen(w.citizens)
}

// sign is a mandate of another citizen's.
func (w *world) sign(by journal.Actor) mandate.Mandate {
	w.t.Helper()
	return w.Sign(w.t, by, w.next(), fixture.Tax)
}

// use is a use of a mandate, which is declared.
func (w *world) use(by journal.Actor, m mandate.Mandate) {
	w.t.Helper()
	_, err := w.reports.Declare(w.t.Context(), by, m.ID, fixture.Tax, "", report.Ways[0])
	w.must(err)
}

// consult opens the pages of a mandate, in a session of its own so that each is a reading.
func (w *world) consult(by journal.Actor, m mandate.Mandate, times int) {
	w.t.Helper()
	for range times {
		session := uuid.New()
		by.Session = session[:]
		_, err := w.Mandates.Consult(w.t.Context(), by, m.ID, "mandate")
		w.must(err)
	}
}

// set puts thresholds of a rule in force, the others as they are.
func (w *world) set(rule string, thresholds map[string]int) {
	w.t.Helper()
	now := w.rule(rule)
	now.Thresholds = maps.Clone(now.Thresholds)
	maps.Copy(now.Thresholds, thresholds)
	w.must(w.register.Change(w.t.Context(), w.sofia, now))
}

func (w *world) rule(key string) anomaly.Rule {
	w.t.Helper()
	all, err := w.register.History(w.t.Context(), w.sofia, key)
	w.must(err)
	return all[0]
}

// watch looks through what is new.
func (w *world) watch() {
	w.t.Helper()
	w.must(w.tree.CatchUp(w.t.Context()))
	w.must(w.register.Watch(w.t.Context()))
}

// inquiry is a case, opened from the first entry of the log.
func (w *world) inquiry() uuid.UUID {
	w.t.Helper()
	w.must(w.tree.CatchUp(w.t.Context()))
	q, err := w.inquiries.Open(w.t.Context(), w.sofia, 0)
	w.must(err)
	w.forward(time.Second) // another one is newer
	return q.ID
}

// alerts are those that stand, the oldest first.
func (w *world) alerts() []anomaly.Alert {
	w.t.Helper()
	all, err := w.register.List(w.t.Context(), w.sofia, anomaly.Wanted{}, 200)
	w.must(err)
	slices.Reverse(all)
	return all
}

// wants fails the test unless these alerts stand, and the tables say what the entries say.
func (w *world) wants(want ...string) {
	w.t.Helper()
	w.watch()
	var got []string
	for _, a := range w.alerts() {
		got = append(got, w.says(a))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("alerts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	w.sound()
}

// says is a rule, whom it found, its figures, and which sorts of acts.
func (w *world) says(a anomaly.Alert) string {
	w.t.Helper()
	who := map[uuid.UUID]string{w.Jeanne.Person: "jeanne", w.Paul.Person: "paul", w.Ines.Person: "ines"}[a.Person]
	var actions []string
	w.must(w.Connect(w.t, w.Superuser).QueryRow(w.t.Context(), `select array_agg(e.action || ' ' || n order by e.action) from (select e.action, count(*) n from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = any ($1) group by 1) e`, a.Entries).Scan(&actions))
	return fmt.Sprintf("%s %s %v: %s", a.Rule, who, a.Figures, strings.Join(actions, ", "))
}

func (w *world) sound() {
	w.t.Helper()
	found, err := anomaly.Compare(w.t.Context(), w.OpenAuditor(w.t))
	if err != nil || len(found) > 0 {
		w.t.Errorf("%v, %v", found, err)
	}
}
