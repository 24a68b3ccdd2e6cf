package caseload_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const day = 24 * time.Hour

// until moves the end of a mandate behind the program's back.
func until(t *testing.T, w *fixture.World, id uuid.UUID, ends time.Duration) {
	t.Helper()
	w.Behind(t, `update mandate set signed_at = least(signed_at, $2::timestamptz - interval '1 day'), identified_at = least(identified_at, $2::timestamptz - interval '1 day'), ends_at = $2 where id = $1`, id, w.Clock.Now().Add(ends))
}

func names(lines []caseload.Summary) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Citizen.Identity.FamilyName)
	}
	return strings.Join(out, " ")
}

// Each mandate stands under its tabs, those that end soon with the soonest first, the others with the newest; a state of which the list knows nothing has yet to begin.
func TestList_Tabs(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ends := []time.Duration{31 * day, 30 * day, time.Hour, -time.Hour, 40 * day, 50 * day}
	for n, d := range ends {
		until(t, w, w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax).ID, d)
	}
	ended := w.Sign(t, w.Jeanne, fixture.Citizen(6), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, ended.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	conn := w.Connect(t, w.Superuser)
	if _, err := conn.Exec(t.Context(), `set session_replication_role = replica; alter table mandate drop constraint mandate_state_check; update mandate set state = 'to_come' where ends_at > now() + interval '45 days'`); err != nil {
		t.Fatal(err)
	}
	w.Sign(t, w.Ines, fixture.Citizen(0), fixture.Tax)
	for tab, want := range map[string]string{
		"": "FICTIF-4 FICTIF-1 FICTIF-0 FICTIF-2", caseload.TabSoon: "FICTIF-2 FICTIF-1", caseload.TabScheduled: "FICTIF-5", caseload.TabEnded: "FICTIF-6 FICTIF-3", "unknown": "FICTIF-4 FICTIF-1 FICTIF-0 FICTIF-2",
	} {
		got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Tab: tab})
		if err != nil || names(got.Lines) != want || got.Pages != 1 {
			t.Errorf("%q: %s, %d pages, %v", tab, names(got.Lines), got.Pages, err)
		}
		if counts := fmt.Sprint(got.Counts); counts != "map[current:4 ended:2 scheduled:1 soon:2]" {
			t.Errorf("%q: %s", tab, counts)
		}
	}
	if got, err := w.Caseload.List(t.Context(), w.Ines, caseload.Filter{Words: "camille", Tab: caseload.TabEnded}); err != nil || len(got.Lines) != 0 || got.Counts[caseload.TabCurrent] != 1 {
		t.Errorf("another organisation is told %+v, %v", got, err)
	}
}

// People are found by each of their names and by their birth date, in every tab; those of another organisation are not.
func TestList_Search(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	who := fixture.Citizen(1)
	who.GivenName, who.FamilyName, who.PreferredUsername, who.Birthdate = "Éloïse Anaïs", "L'HÉRITIER-ÇAVEAU", "LE GŒUR", "1931-02-03"
	m := w.Sign(t, w.Jeanne, who, fixture.Tax)
	w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Sign(t, w.Ines, who, fixture.Housing)
	for _, words := range []string{"eloise", "ANAÏS", "heritier caveau", "l’héritier", "le goeur", "03/02/1931", "1931-02-03", "eloise 03 02 31", "le"} {
		got, err := w.Caseload.List(t.Context(), w.Paul, caseload.Filter{Words: words})
		if err != nil || len(got.Lines) != 1 || got.Lines[0].ID != m.ID || got.Counts[caseload.TabCurrent] != 1 || got.Lines[0].By != "jeanne Fictif" || !slices.Equal(got.Lines[0].Procedures, []string{fixture.Tax}) {
			t.Errorf("%q: %+v, %v", words, got, err)
		}
	}
	for _, words := range []string{"héritage", "03/02/1932", "personne"} {
		if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: words}); err != nil || len(got.Lines) != 0 || got.Pages != 0 {
			t.Errorf("%q: %+v, %v", words, got, err)
		}
	}
	for _, words := range []string{"l", "-", "  é "} {
		if _, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: words}); !errors.Is(err, citizen.ErrTooShort) {
			t.Errorf("%q: %v", words, err)
		}
	}
	w.Behind(t, `update membership set procedures = $2 where person_id = $1`, w.Paul.Person, []string{fixture.Housing})
	if got, err := w.Caseload.List(t.Context(), w.Paul, caseload.Filter{Words: "eloise"}); err != nil || len(got.Lines) != 1 {
		t.Errorf("an aidant who is limited: %+v, %v", got, err)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Words: "eloise", Tab: caseload.TabEnded}); err != nil || len(got.Lines) != 1 || got.Lines[0].EndReason != "completed" {
		t.Errorf("ended: %+v, %v", got, err)
	}
}

// Filters narrow each other, and the counts of every tab with them.
func TestList_Filters(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax, fixture.Housing)
	w.Sign(t, w.Paul, fixture.Citizen(3), fixture.Housing)
	until(t, w, w.Sign(t, w.Paul, fixture.Citizen(4), fixture.Tax).ID, 60*day)
	w.Sign(t, w.Ines, fixture.Citizen(5), fixture.Tax)
	soon := w.Clock.Now().Add(40 * day)
	for want, f := range map[string]caseload.Filter{
		"FICTIF-4 FICTIF-2 FICTIF-1": {Procedures: []string{fixture.Tax}},
		"FICTIF-3 FICTIF-2":          {Procedures: []string{fixture.Housing, "unknown"}},
		"":                           {Procedures: []string{}},
		"FICTIF-2 FICTIF-1":          {Person: w.Jeanne.Person},
		"FICTIF-3 FICTIF-4":          {Person: w.Paul.Person},
		"FICTIF-3 FICTIF-2 FICTIF-1": {EndsBefore: soon},
		"FICTIF-3":                   {EndsBefore: soon, Person: w.Paul.Person, Procedures: []string{fixture.Housing}, Words: "camille"},
	} {
		got, err := w.Caseload.List(t.Context(), w.Jeanne, f)
		sorted := slices.SortedFunc(slices.Values(strings.Fields(names(got.Lines))), strings.Compare)
		wanted := slices.SortedFunc(slices.Values(strings.Fields(want)), strings.Compare)
		if err != nil || !slices.Equal(sorted, wanted) || got.Counts[caseload.TabCurrent] != len(wanted) {
			t.Errorf("%+v: %s, %v, %v", f, names(got.Lines), got.Counts, err)
		}
	}
	if _, err := w.Caseload.HandOver(t.Context(), w.Referent(t, w.Here, "rose"), w.Jeanne.Person, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Caseload.List(t.Context(), w.Paul, caseload.Filter{Person: w.Paul.Person}); err != nil || len(got.Lines) != 4 {
		t.Errorf("with what was handed over: %s, %v", names(got.Lines), err)
	}
	if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Person: w.Ines.Person}); err != nil || len(got.Lines) != 0 {
		t.Errorf("of an aidant of another organisation: %s, %v", names(got.Lines), err)
	}
	people, err := w.Caseload.Colleagues(t.Context(), w.Jeanne)
	if err != nil || len(people) != 2 || people[0] != (caseload.Colleague{ID: w.Jeanne.Person, Name: "jeanne Fictif"}) {
		t.Errorf("colleagues: %+v, %v", people, err)
	}
	if people, err = w.Caseload.Colleagues(t.Context(), w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant)); !errors.Is(err, org.ErrMayNot) || people != nil {
		t.Errorf("colleagues, for who may not read: %+v, %v", people, err)
	}
}

// Pages have twenty-five mandates each, every mandate stands on one, and beyond the last there is nobody.
func TestList_Pages(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for n := range 2*caseload.PageLength + 1 {
		w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
	}
	w.Behind(t, `update mandate set signed_at = $1::timestamptz, identified_at = $1::timestamptz`, w.Clock.Now().Add(-time.Hour)) // all at once: the order must still be one
	for _, f := range []caseload.Filter{{}, {Words: "camille"}, {EndsBefore: w.Clock.Now().Add(100 * day)}} {
		seen := map[uuid.UUID]bool{}
		for page, want := range []int{caseload.PageLength, caseload.PageLength, 1, 0} {
			f.Page = page + 1
			got, err := w.Caseload.List(t.Context(), w.Jeanne, f)
			if err != nil || len(got.Lines) != want || got.Pages != 3 || got.Counts[caseload.TabCurrent] != 2*caseload.PageLength+1 {
				t.Errorf("page %d has %d of %d: %v", f.Page, len(got.Lines), got.Pages, err)
			}
			for _, l := range got.Lines {
				seen[l.ID] = true
			}
		}
		if len(seen) != 2*caseload.PageLength+1 {
			t.Errorf("%d mandates were on the pages", len(seen))
		}
	}
	for _, page := range []int{-5, 0} {
		if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Page: page}); err != nil || len(got.Lines) != caseload.PageLength {
			t.Errorf("page %d: %d, %v", page, len(got.Lines), err)
		}
	}
	if got, err := w.Caseload.List(t.Context(), w.Jeanne, caseload.Filter{Page: 1 << 60}); err != nil || len(got.Lines) != 0 {
		t.Errorf("a page far away: %d, %v", len(got.Lines), err)
	}
}

// What was typed opens for its person alone, for the organisation and the session in which they typed it.
func TestWords_AreForOneSession(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	text, err := w.Mandates.SealWords(w.Jeanne, "Éloïse D'ARC")
	if err != nil || strings.Contains(strings.ToLower(text), "arc") {
		t.Fatalf("%q, %v", text, err)
	}
	if words, ok := w.Mandates.OpenWords(w.Jeanne, text); !ok || words != "Éloïse D'ARC" {
		t.Errorf("opened as %q", words)
	}
	later, elsewhere := w.Jeanne, w.Jeanne
	later.Session, elsewhere.Organisation = []byte("another session"), w.Elsewhere
	for what, by := range map[string]journal.Actor{"a colleague": w.Paul, "another session": later, "another organisation": elsewhere} {
		if words, ok := w.Mandates.OpenWords(by, text); ok {
			t.Errorf("%s opens %q", what, words)
		}
	}
	for _, bad := range []string{"", "%", "AA", "_w", text[:40], text + "AA", "A" + text} {
		if words, ok := w.Mandates.OpenWords(w.Jeanne, bad); ok {
			t.Errorf("%q opens as %q", bad, words)
		}
	}
}
