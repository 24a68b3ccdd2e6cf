package figures

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/page/pagetest"
	"mandat/internal/statistics"
)

// What has a name is called by it, what has none by its key; the organisations without a line of their own are one line, which leads to no entries.
func TestLines_AreNamed(t *testing.T) {
	t.Parallel()
	s := &Site{Pages: pagetest.Pages(t)}
	id := uuid.NewString()
	f := statistics.Figures{Organisations: []statistics.Share{{Key: id, Name: "Maison France Services", Acts: 7}, {Acts: 5}}, Procedures: []statistics.Share{{Key: fixture.Tax, Acts: 4}, {Key: "x-unknown", Acts: 3}}}
	l := s.lister("fr")
	l.search = &f.Question
	houses, procedures := l.organisations(f), l.procedures(f)
	if !strings.HasPrefix(houses[0].Entries, "/audit/journal?") || !strings.Contains(houses[0].Entries, id) || houses[1].Entries != "" {
		t.Errorf("%+v", houses)
	}
	if procedures[0].Text == fixture.Tax || procedures[0].Text == "" || procedures[1].Text != "x-unknown" {
		t.Errorf("%+v", procedures)
	}
	parts, err := s.parts("fr", f)
	if err != nil || len(parts) != 2 || parts[0].lines[0].Text != "Maison France Services" || parts[0].lines[1].Text != "Les autres structures" {
		t.Errorf("%+v, %v", parts, err)
	}
}

// A paper says by what its figures are narrowed, in words where there are some, and nothing of the rest.
func TestNarrowed(t *testing.T) {
	t.Parallel()
	s := &Site{Pages: pagetest.Pages(t)}
	known := []statistics.Share{{Key: fixture.Housing, Acts: 4}, {Key: fixture.Tax, Acts: 2}}
	tax := s.lister("en").procedures(statistics.Figures{Procedures: known})[1].Text
	for name, c := range map[string]struct {
		f    statistics.Figures
		want [][2]string
	}{
		"by nothing":                  {statistics.Figures{Procedures: known}, nil},
		"by all":                      {statistics.Figures{Name: "Maison", Question: statistics.Question{Procedure: fixture.Tax, Action: "power.used"}, Procedures: known}, [][2]string{{"Organisation", "Maison"}, {"Procedure", tax}, {"Act", "Sign-in with a mandate"}}},
		"by a procedure nobody did":   {statistics.Figures{Question: statistics.Question{Procedure: "x-unknown"}, Procedures: known}, [][2]string{{"Procedure", "x-unknown"}}},
		"by what nobody did anything": {statistics.Figures{Question: statistics.Question{Action: "mandate.signed"}}, [][2]string{{"Act", "Mandate signed"}}},
	} {
		if got, err := s.narrowed("en", c.f); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	p := statistics.Period{From: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)}
	for _, c := range [][3]string{{"fr", statistics.ByDay, "05/03"}, {"en", statistics.ByDay, "5 Mar"}, {"fr", statistics.ByWeek, "05/03"}, {"fr", statistics.ByMonth, "03/26"}, {"en", statistics.ByMonth, "03/26"}} {
		if got := short(c[0], c[1], p); got != c[2] {
			t.Errorf("%v: %q", c, got)
		}
	}
}
