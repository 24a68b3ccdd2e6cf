package caseload_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// told runs the daily job and returns whom it tells, and how many mandates were noted for each.
func told(t *testing.T, w *fixture.World) map[string]int {
	t.Helper()
	conn, names := w.Connect(t, w.Superuser), map[string]int{}
	var all []org.Message
	err := w.Caseload.TellOfEnds(t.Context(), func(_ *db.Tx, _ time.Time, m org.Message) error {
		all = append(all, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		var name string
		var n int
		err := conn.QueryRow(t.Context(), `select (select given_name from person where id = $1), (select count(*) from mandate_end_told t where t.person_id = $1 and t.told_at = (select max(told_at) from mandate_end_told))`, m.Person).Scan(&name, &n)
		if err != nil || m.Kind != "end_soon" || !strings.Contains(m.About, m.Person.String()) {
			t.Errorf("%+v, %v", m, err)
		}
		names[name] += n
	}
	return names
}

// Who follows mandates up is told once of each that ends within thirty days, of all together.
func TestTellOfEnds(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	long := func(by journal.Actor, n int, ends time.Duration) {
		m := w.Sign(t, by, fixture.Citizen(n), fixture.Tax)
		until(t, w, m.ID, ends)
		w.Behind(t, `update mandate set signed_at = $2::timestamptz, identified_at = $2::timestamptz where id = $1`, m.ID, w.Clock.Now().Add(-40*day))
	}
	long(w.Jeanne, 1, 29*day)
	long(w.Jeanne, 2, time.Hour)
	long(w.Jeanne, 3, 33*day)
	long(w.Jeanne, 4, -time.Hour)
	long(w.Paul, 5, 29*day)
	long(w.Ines, 6, 40*day)
	w.Sign(t, w.Ines, fixture.Citizen(7), fixture.Tax) // for a month only, and over soon after it begins
	ended := w.Sign(t, w.Ines, fixture.Citizen(8), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Ines, ended.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	same := func(want map[string]int) {
		t.Helper()
		if got := told(t, w); len(got) != len(want) || got["jeanne"] != want["jeanne"] || got["paul"] != want["paul"] || got["ines"] != want["ines"] || got["anna"] != want["anna"] {
			t.Errorf("told %v, want %v", got, want)
		}
	}
	same(map[string]int{"jeanne": 2, "paul": 1})
	same(nil)
	w.Clock.Advance(5 * day) // the third comes within the time
	same(map[string]int{"jeanne": 1})
	w.Clock.Advance(120 * day) // and never again of those that are over
	same(nil)
}

// A mandate that was handed over is followed up by who took it over, from one to the next; nobody is told of it who may not read it, until it is
// handed over.
func TestTellOfEnds_AfterAHandover(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, anna := w.Referent(t, w.Here, "rose"), w.Aidant(t, w.Here, "anna")
	sign := func(by journal.Actor, n int) {
		until(t, w, w.Sign(t, by, fixture.Citizen(n), fixture.Tax).ID, 60*day)
	}
	sign(w.Jeanne, 1)
	for _, step := range [][2]journal.Actor{{w.Jeanne, w.Paul}, {w.Paul, anna}, {anna, w.Jeanne}, {w.Jeanne, w.Paul}} {
		if _, err := w.Caseload.HandOver(t.Context(), boss, step[0].Person, step[1].Person); err != nil {
			t.Fatal(err)
		}
	}
	sign(w.Jeanne, 2) // after she handed over: hers
	w.Behind(t, `update membership set suspended_at = now() where person_id = $1`, w.Jeanne.Person)
	w.Clock.Advance(31 * day)
	boss.FactorAt = w.Clock.Now()
	if got := told(t, w); len(got) != 1 || got["paul"] != 1 {
		t.Errorf("told %v: the first is Paul's, and who is suspended is not told", got)
	}
	if _, err := w.Caseload.HandOver(t.Context(), boss, w.Jeanne.Person, anna.Person); err != nil {
		t.Fatal(err)
	}
	if got := told(t, w); len(got) != 1 || got["anna"] != 1 {
		t.Errorf("told %v after the handover", got)
	}
	if got := told(t, w); len(got) != 0 {
		t.Errorf("told again: %v", got)
	}
}
