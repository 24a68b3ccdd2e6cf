package statistics

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/prose"
)

// fits reports whether an entry is one that a question is about.
func (m made) fits(q Question) bool {
	day, err := time.Parse(time.DateOnly, m.at.In(prose.Paris).Format(time.DateOnly))
	return err == nil && slices.Contains(q.actions(), m.action) && !day.Before(q.From) && !day.After(q.To) && (q.Organisation == uuid.Nil || q.Organisation == m.house) &&
		(q.Procedure == "" || slices.Contains(m.named(), q.Procedure))
}

func (m made) named() []string {
	switch {
	case m.action == "mandate.signed" || m.action == "mandate.ended":
		return m.keys
	case len(m.keys) > 0:
		return m.keys[:1]
	}
	return nil
}

// Whatever is asked, the answer is that of a look at every entry, in each of its parts.
func TestFigures_AreThoseOfTheEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entries := w.anything(4000) // five months
	w.add(t, entries...)
	must(t, w.register.Count(t.Context()))
	first := dayOf(w.begun)
	for range 120 {
		q := Question{Organisation: []uuid.UUID{uuid.Nil, uuid.Nil, w.Here}[w.chance.IntN(3)], Procedure: []string{"", "", fixture.Tax, "x-unknown"}[w.chance.IntN(4)], Action: append(Actions(), "", "", "", "")[w.chance.IntN(15)],
			From: first.AddDate(0, 0, w.chance.IntN(80)-5), By: []string{"", ByDay, ByWeek, ByMonth}[w.chance.IntN(4)]}
		q.To = q.From.AddDate(0, 0, w.chance.IntN(150))
		f, err := w.register.Figures(t.Context(), w.sofia, q)
		must(t, err)
		var total int64
		actions, houses, keys := map[string]int64{}, map[string]int64{}, map[string]int64{}
		for _, m := range w.made {
			if !m.fits(q) {
				continue
			}
			total++
			actions[m.action]++
			if m.house != uuid.Nil {
				houses[m.house.String()]++
			}
			for _, key := range m.named() {
				if q.Procedure == "" || key == q.Procedure {
					keys[key]++
				}
			}
		}
		if f.Total != total || !same(f.Actions, actions) || !same(f.Procedures, keys) || q.Organisation == uuid.Nil && !same(f.Organisations, houses) {
			t.Fatalf("%+v: %d, %v, %v, %v; want %d, %v, %v, %v", q, f.Total, f.Actions, f.Organisations, f.Procedures, total, actions, houses, keys)
		}
		next := q.From
		for _, p := range f.Periods {
			var acts int64
			for _, m := range w.made {
				if m.fits(Question{q.Organisation, q.Procedure, q.Action, p.From, p.To, ""}) {
					acts++
				}
			}
			if p.Acts != acts || !p.From.Equal(next) || p.To.Before(p.From) {
				t.Fatalf("%+v: %v of %d", q, p, acts)
			}
			next = p.To.AddDate(0, 0, 1)
		}
		if !next.Equal(q.To.AddDate(0, 0, 1)) || len(f.Periods) > mostPeriods[f.By] {
			t.Fatalf("%+v: periods to %v, by %s", q, next, f.By)
		}
	}
}

func same(shares []Share, want map[string]int64) bool {
	got := map[string]int64{}
	for _, s := range shares {
		got[s.Key] += s.Acts
	}
	if len(got) != len(shares) || len(got) != len(want) {
		return false
	}
	for key, n := range want {
		if got[key] != n {
			return false
		}
	}
	return true
}

// What nobody says is what suits the span, and periods of which there would be too many are longer ones.
func TestQuestion_Complete(t *testing.T) {
	t.Parallel()
	from, now := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		by   string
		days int
		want string
	}{{"", 31, ByDay}, {"", 32, ByWeek}, {"", 120, ByWeek}, {"", 121, ByMonth}, {ByDay, 99, ByDay}, {ByDay, 100, ByWeek}, {ByDay, 7 * 60, ByMonth}, {ByWeek, 7*60 - 1, ByWeek}, {ByWeek, 7 * 60, ByMonth}, {ByMonth, 3, ByMonth}, {ByMonth, 3650, ByMonth}} {
		q := Question{From: from, To: from.AddDate(0, 0, c.days), By: c.by}
		if err := q.complete(now); err != nil || q.By != c.want {
			t.Errorf("%d days by %q: by %q, %v", c.days, c.by, q.By, err)
		}
	}
	var q Question
	if err := q.complete(now); err != nil || q.From.Format(time.DateOnly) != "2025-12-01" || q.To.Format(time.DateOnly) != "2026-11-23" || q.By != ByMonth {
		t.Errorf("of nothing: %+v, %v", q, err)
	}
	for end, want := range map[time.Time]error{from.AddDate(10, 0, 0): nil, from.AddDate(10, 0, 1): ErrSpan, from: nil, from.AddDate(0, 0, -1): ErrSpan} {
		if err := (&Question{From: from, To: end}).complete(now); !errors.Is(err, want) {
			t.Errorf("to %v: %v", end, err)
		}
	}
}

// The organisations that have no line of their own are one line together.
func TestFigures_Others(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var entries []made
	for n := range 25 {
		house := uuid.New()
		for range n + 1 {
			entries = append(entries, made{at: w.begun, action: "power.used", house: house, whose: uuid.New()})
		}
	}
	w.add(t, entries...)
	must(t, w.register.Count(t.Context()))
	f, err := w.register.Figures(t.Context(), w.sofia, Question{From: dayOf(w.begun), To: dayOf(w.begun)})
	must(t, err)
	if len(f.Organisations) != 21 || f.Organisations[0].Acts != 25 || f.Organisations[20] != (Share{Acts: 1 + 2 + 3 + 4 + 5}) || f.Total != 25*26/2 {
		t.Errorf("%d: %+v", f.Total, f.Organisations)
	}
	w.add(t, made{at: w.begun, action: "power.used", whose: uuid.New()})
	if f, err = w.register.Figures(t.Context(), w.sofia, Question{}); err != nil || f.Waiting == 0 || f.Counted == 0 {
		t.Errorf("%d counted, %d waiting: %v", f.Counted, f.Waiting, err)
	}
}

// Who may not see figures is told none, and takes none away: nobody but auditors, administrators, and referents of the organisation.
func TestFigures_AreForFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	odile, adele, other := w.Referent(t, w.Here, "odile"), w.Administrator(t, "adele"), w.Referent(t, w.Elsewhere, "hugo")
	gone := w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	w.do(t, `alter table person disable trigger user; update person set suspended_at = now(), suspended_why = 'decided' where id = '`+gone.Person.String()+`'; alter table person enable trigger user`)
	claims := func(a journal.Actor, kind journal.Kind) journal.Actor { a.Kind = kind; return a }
	here, there := Question{Organisation: w.Here}, Question{Organisation: w.Elsewhere}
	for _, c := range []struct {
		what string
		by   journal.Actor
		q    Question
		want error
	}{
		{"an auditor", w.sofia, here, nil}, {"an administrator", adele, there, nil}, {"the referent", odile, here, nil}, {"the referent, of no organisation", odile, Question{}, nil},
		{"another organisation's referent", other, here, db.ErrNotFound}, {"the referent, of another", odile, there, db.ErrNotFound},
		{"an aidant", w.Jeanne, here, org.ErrMayNot}, {"the program", journal.Program(), here, org.ErrMayNot}, {"a suspended auditor", gone, here, org.ErrMayNot},
		{"an aidant as referent", claims(w.Jeanne, journal.Referent), here, org.ErrMayNot}, {"an aidant as auditor", claims(w.Jeanne, journal.Auditor), here, org.ErrMayNot},
		{"an administrator as auditor", claims(adele, journal.Auditor), here, org.ErrMayNot}, {"an auditor as administrator", claims(w.sofia, journal.Administrator), here, org.ErrMayNot},
		{"of no organisation that is", w.sofia, Question{Organisation: uuid.New()}, db.ErrNotFound},
		{"backwards", w.sofia, Question{From: dayOf(w.begun), To: dayOf(w.begun).AddDate(0, 0, -1)}, ErrSpan},
		{"eleven years", w.sofia, Question{From: dayOf(w.begun), To: dayOf(w.begun).AddDate(11, 0, 0)}, ErrSpan},
	} {
		if _, err := w.register.Figures(t.Context(), c.by, c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
		if _, err := w.register.Export(t.Context(), c.by, c.q, "csv"); !errors.Is(err, c.want) {
			t.Errorf("%s takes away: %v", c.what, err)
		}
	}
	if _, err := w.register.Export(t.Context(), w.sofia, here, "exe"); !errors.Is(err, ErrFormat) {
		t.Errorf("in a form that is none: %v", err)
	}
	var entries int
	must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'statistics.exported'`).Scan(&entries))
	if entries != 4 {
		t.Errorf("%d entries of four that were taken away", entries)
	}
	for _, c := range []struct {
		by   journal.Actor
		q    Question
		want string
	}{{w.sofia, Question{}, ""}, {w.sofia, here, `["organisation"]`}, {odile, here, ""}, {odile, Question{Procedure: fixture.Tax}, `["procedure"]`},
		{w.sofia, Question{Organisation: w.Here, Procedure: fixture.Tax, Action: "power.used"}, `["organisation", "procedure", "action"]`}} {
		_, err := w.register.Export(t.Context(), c.by, c.q, "csv")
		must(t, err)
		var filters string
		must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), `select coalesce(body::jsonb #>> '{detail,filters}', '') from journal_entry where action = 'statistics.exported' order by id desc limit 1`).Scan(&filters))
		if filters != c.want {
			t.Errorf("%s, %+v: the entry tells of %s", c.by.Kind, c.q, filters)
		}
	}
	w.Swallow(t)
	if f, err := w.register.Export(t.Context(), w.sofia, here, "csv"); err == nil || f.Periods != nil {
		t.Error("without an entry there are figures")
	}
}

// Who is suspended while the file is made gets none.
func TestExport_WaitsForASuspension(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.Connect(t, w.Superuser)
	tx, err := conn.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `set local session_replication_role = replica`) // that nobody is suspended without an entry is another test's
	must(t, err)
	_, err = tx.Exec(t.Context(), `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, w.sofia.Person)
	must(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := w.register.Export(t.Context(), w.sofia, Question{}, "csv")
		done <- err
	}()
	for waits := 0; waits == 0; time.Sleep(5 * time.Millisecond) {
		must(t, tx.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits))
	}
	must(t, tx.Commit(t.Context()))
	if err := <-done; !errors.Is(err, org.ErrMayNot) {
		t.Errorf("suspended meanwhile: %v", err)
	}
}
