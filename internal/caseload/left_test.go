package caseload_test

import (
	"slices"
	"testing"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// short is a procedure that no mandate gives for longer than a month.
const short = "social-carte-europeenne"

// shortened is a mandate of a year of which the long power was ended, and that lasts a month.
func shortened(t *testing.T, w *fixture.World, n int) mandate.Mandate {
	t.Helper()
	x := fixture.Terms(fixture.Tax, short)
	x.Days = 365
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Citizen(n), w.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	if err == nil {
		err = w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "citizen")
	}
	if err == nil {
		m, err = w.Mandates.Consult(t.Context(), w.Jeanne, m.ID, mandate.PageMandate)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Of a mandate whose long power was ended, lists, counts and exports say what the powers say: what is left of it, until when, and that it is over then.
func TestLists_SayWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss := w.Referent(t, w.Here, "rose")
	m := shortened(t, w, 1)
	list := func(tab string) caseload.Listing {
		t.Helper()
		out, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Tab: tab})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	now := list(caseload.TabCurrent)
	if len(now.Lines) != 1 || !now.Lines[0].EndsAt.Equal(m.Until()) || now.Lines[0].Given != 2 || now.Lines[0].Left != 1 {
		t.Errorf("in force: %+v; it lasts until %s", now.Lines, m.Until())
	}
	counts := func(current, soon, ended int) {
		t.Helper()
		got := list(caseload.TabEnded).Counts
		if got[caseload.TabCurrent] != current || got[caseload.TabSoon] != soon || got[caseload.TabEnded] != ended {
			t.Errorf("counted %v", got)
		}
		f, err := w.Caseload.Figures(t.Context(), boss)
		if err != nil || f.Standing != current || f.Ending != soon {
			t.Errorf("figures %+v, %v", f, err)
		}
		d, err := w.Caseload.Desk(t.Context(), w.Jeanne)
		if err != nil || d.Ending != soon {
			t.Errorf("desk %+v, %v", d, err)
		}
		l, err := w.Caseload.LeftBy(t.Context(), boss, w.Jeanne.Person)
		if err != nil || l.Mandates != current || current > 0 && !l.LastEnd.Equal(m.Until()) {
			t.Errorf("left %+v, %v", l, err)
		}
		before, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{EndsBefore: m.Until().Add(time.Second)})
		if err != nil || len(before.Lines) != current {
			t.Errorf("ends before: %v, %v", before.Lines, err)
		}
		by := w.Jeanne
		by.FactorAt = w.Clock.Now()
		table, err := w.Caseload.Export(t.Context(), by, caseload.Filter{}, "csv")
		if err != nil || len(table) != current {
			t.Errorf("exported %v, %v", table, err)
		}
	}
	w.Clock.Advance(2 * day)
	counts(1, 1, 0)
	w.Clock.Advance(31 * day)
	counts(0, 0, 1)
	over := list(caseload.TabEnded).Lines
	if len(over) != 1 || over[0].StandsAt(w.Clock.Now()) || over[0].Left != 0 {
		t.Errorf("over: %+v", over)
	}
	given, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Tab: caseload.TabEnded, Procedures: []string{fixture.Tax}})
	if err != nil || len(given.Lines) != 1 {
		t.Errorf("by what it gave: %v, %v", given.Lines, err)
	}
	if found, err := w.Caseload.FollowedUp(t.Context(), w.Jeanne, 10); err != nil || len(found) != 0 {
		t.Errorf("followed up: %v, %v", found, err)
	}
}

// Nobody has to answer for a mandate of which nothing lasts; and who follows one up is told before the last of it ends, once.
func TestLeft_IsFollowedUp(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss := w.Referent(t, w.Here, "rose")
	m := shortened(t, w, 1)
	until(t, w, m.ID, 300*day)
	w.Behind(t, `update mandate set signed_at = signed_at - interval '10 days', identified_at = identified_at - interval '10 days', lasts_until = $2 where id = $1`, m.ID, w.Clock.Now().Add(20*day))
	if got := told(t, w); len(got) != 1 || got["jeanne"] != 1 {
		t.Errorf("told %v", got)
	}
	if got := told(t, w); len(got) != 0 {
		t.Errorf("told again %v", got)
	}
	if err := w.Directory.SuspendIn(t.Context(), boss, w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	found, err := w.Caseload.Orphans(t.Context(), boss)
	if err != nil || len(found) != 1 || found[0].FirstEnd.Sub(w.Clock.Now()) > 20*day {
		t.Errorf("nobody follows up %+v, %v", found, err)
	}
	w.Clock.Advance(21 * day)
	if found, err := w.Caseload.Orphans(t.Context(), boss); err != nil || slices.ContainsFunc(found, func(o caseload.Orphaned) bool { return o.Mandates > 0 }) {
		t.Errorf("somebody is to follow up what is over: %+v, %v", found, err)
	}
}
