package statistics

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/throttle"
)

// at puts the clock to a time in the future.
func (w *world) at(t testing.TB, to time.Time) {
	t.Helper()
	if to.Before(w.Clock.Now()) {
		t.Fatalf("%v is over", to)
	}
	w.Clock.Advance(to.Sub(w.Clock.Now()))
}

// months puts two months of acts into the journal, the first of which begins with the next one of the clock.
func (w *world) months(t testing.TB) (first time.Time) {
	t.Helper()
	first = monthOf(dayOf(w.Clock.Now())).AddDate(0, 1, 0)
	var entries []made
	for n := range 60 {
		who := byte(1 + n%3)
		entries = append(entries, made{at: begins(first).Add(time.Duration(n) * time.Minute), action: "power.used", house: w.Here, whose: uuid.New(), who: who, keys: []string{fixture.Tax}})
		if n < 30 {
			entries = append(entries, made{at: begins(first).Add(time.Duration(n) * time.Minute), action: "power.used", house: w.Elsewhere, whose: uuid.New(), who: who + 3, keys: []string{"social-rsa"}})
		}
		if n < 9 {
			entries = append(entries, made{at: begins(first).Add(time.Duration(n) * time.Minute), action: "mandate.signed", house: w.Here, whose: uuid.New(), who: who, keys: []string{fixture.Tax, "x-unknown"}})
		}
	}
	for n := range 20 { // a minute before the end of the month, and in the next one
		end, who := begins(first.AddDate(0, 1, 0)).Add(-time.Minute), byte(1+n%3)
		entries = append(entries, made{at: end, action: "power.declared", house: w.Here, whose: uuid.New(), who: who, keys: []string{fixture.Tax}},
			made{at: end.Add(2 * time.Minute), action: "power.declared", house: w.Here, whose: uuid.New(), who: who, keys: []string{"social-rsa"}})
		if n < 15 {
			entries = append(entries, made{at: end, action: "power.refused", house: w.Here, whose: uuid.New(), who: who, keys: []string{fixture.Tax}})
		}
	}
	w.add(t, entries...)
	must(t, w.register.Count(t.Context()))
	return first
}

// settle puts the two organisations into departments.
func (w *world) settle(t testing.TB) {
	t.Helper()
	w.do(t, `alter table organisation disable trigger user; update organisation set department_code = '35' where id = '`+w.Here.String()+`';
		update organisation set department_code = null, insee_code = null, postcode = '20137' where id = '`+w.Elsewhere.String()+`'; alter table organisation enable trigger user`)
}

// A month is published on the sixth day of the next, once, by one server of several, and with an entry; what is in it is what was done in it, as far as it is not too little.
func TestPublish_AMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle(t)
	w.register.step = 40
	first := w.months(t)
	after := begins(first.AddDate(0, 1, 0))
	w.at(t, after.Add(settles-time.Hour))
	must(t, w.register.Publish(t.Context()))
	if all, err := w.register.Editions(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("too early: %v, %v", all, err)
	}
	w.at(t, after.Add(settles+time.Minute))
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			if err := w.register.Publish(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	servers.Wait()
	all, err := w.register.Editions(t.Context())
	if err != nil || len(all) != 1 || !all[0].Month.Equal(first) {
		t.Fatalf("%+v, %v", all, err)
	}
	lines, err := w.register.Published(t.Context(), first)
	must(t, err)
	want := []Line{{"power.declared", "35", "argent", 20}, {"power.declared", "35", Total, 20}, {"power.declared", Total, "argent", 20}, {"power.declared", Total, Total, 20},
		{"power.used", "2A", "social", 30}, {"power.used", "2A", Total, 30}, {"power.used", "35", "argent", 60}, {"power.used", "35", Total, 60},
		{"power.used", Total, "argent", 60}, {"power.used", Total, "social", 30}, {"power.used", Total, Total, 90}}
	if !slices.Equal(lines, want) || all[0].Lines != len(want) {
		t.Errorf("%+v", lines)
	}
	var entries int
	must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'statistics.published' and body::jsonb -> 'detail' ->> 'month' = $1`, first.Format(time.DateOnly)).Scan(&entries))
	if entries != 1 {
		t.Errorf("%d entries", entries)
	}
	var list [][]any // the digest as anybody makes it
	for _, l := range want {
		list = append(list, []any{first.Format("2006-01"), l.Action, l.Department, l.Theme, l.Acts})
	}
	text, err := json.Marshal(list)
	must(t, err)
	if sum := sha256.Sum256(text); string(sum[:]) != string(all[0].SHA256) {
		t.Error("the digest is of something else")
	}
}

// What was published stays, whatever becomes of the journal, and the database takes no other line of it; changed by force, it is named.
func TestPublish_IsForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle(t)
	first := w.months(t)
	w.at(t, begins(first.AddDate(0, 1, 0)).Add(settles+time.Minute))
	must(t, w.register.Publish(t.Context()))
	before, err := w.register.Published(t.Context(), first)
	must(t, err)
	late := made{at: begins(first).Add(time.Hour), action: "power.used", house: w.Here, whose: uuid.New(), who: 1, keys: []string{fixture.Tax}}
	w.forget(t, w.made[0].whose)
	w.add(t, late)
	must(t, w.register.Count(t.Context()))
	must(t, w.register.Publish(t.Context()))
	if now, err := w.register.Published(t.Context(), first); err != nil || !slices.Equal(now, before) {
		t.Errorf("%v, %v", now, err)
	}
	for _, sql := range []string{`insert into statistics_line (month, action, department, theme, acts) select month, 'power.used', '99', 'argent', 12 from statistics_edition`,
		`insert into statistics_line (month, action, department, theme, acts) values ('2020-01-01', 'power.used', '35', 'argent', 12)`,
		`insert into statistics_edition (month, published_at, lines, sha256) values ('2020-01-01', now(), 0, sha256(''))`} {
		if err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), sql); return err }); err == nil {
			t.Errorf("may: %s", sql)
		}
	}
	auditor := w.OpenAuditor(t)
	compare := func(what string, differences ...string) {
		t.Helper()
		found, err := Compare(t.Context(), auditor)
		must(t, err)
		if len(found) != len(differences) {
			t.Fatalf("%s: %v", what, found)
		}
		for i, words := range differences {
			if found[i].Of != "statistics" || !strings.Contains(found[i].What, words) {
				t.Errorf("%s: %v", what, found[i])
			}
		}
	}
	compare("untouched")
	w.do(t, `update statistics_line set acts = acts + 1 where department = '35' and theme = 'argent' and action = 'power.used'`)
	compare("one more", "what stands there is 11 lines")
	w.do(t, `delete from statistics_line; delete from statistics_edition`)
	compare("gone", "gone from the table")
	w.do(t, `set session_replication_role = replica; insert into statistics_edition (month, published_at, lines, sha256) values ('2020-01-01', now(), 0, sha256('[]'))`)
	compare("one too many", "no entry tells of it", "gone from the table")
}

// A month without acts is published too, after the one before it, so that nobody takes it for late.
func TestPublish_EachInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.register.Publish(t.Context())) // nothing was done yet
	first := w.months(t)
	must(t, w.register.Publish(t.Context()))
	w.at(t, begins(first.AddDate(0, 3, 0)).Add(settles+time.Minute))
	must(t, w.register.Publish(t.Context()))
	all, err := w.register.Editions(t.Context())
	must(t, err)
	var months []string
	for _, e := range all {
		months = append(months, e.Month.Format("2006-01"))
	}
	if want := []string{first.AddDate(0, 2, 0).Format("2006-01"), first.AddDate(0, 1, 0).Format("2006-01"), first.Format("2006-01")}; !slices.Equal(months, want) || all[0].Lines != 0 {
		t.Errorf("%v, want %v", months, want)
	}
	if second, err := w.register.Published(t.Context(), first.AddDate(0, 1, 0)); err != nil || len(second) != 4 || second[0].Acts != 20 {
		t.Errorf("the month that came after midnight: %v, %v", second, err)
	}
	if third, err := w.register.Published(t.Context(), first.AddDate(0, 2, 0)); err != nil || len(third) != 0 {
		t.Errorf("a month in which nothing was done: %v, %v", third, err)
	}
}

func TestDepartmentOf(t *testing.T) {
	t.Parallel()
	for postcode, want := range map[string]string{"35000": "35", "01000": "01", "20000": "2A", "20137": "2A", "20200": "2B", "20600": "2B", "97410": "974", "98800": "988", "": "", "3500": ""} {
		if got := departmentOf(postcode); got != want {
			t.Errorf("%q: %q, want %q", postcode, got, want)
		}
	}
}

// Twenty downloads at once are many; the next network has its own.
func TestTake_Waits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := netip.MustParseAddr("192.0.2.7")
	for range 20 {
		must(t, w.register.Take(t.Context(), from))
	}
	if _, ok := errors.AsType[throttle.WaitError](w.register.Take(t.Context(), from)); !ok {
		t.Error("the twenty-first does not wait")
	}
	must(t, w.register.Take(t.Context(), netip.MustParseAddr("192.0.2.8")))
}
