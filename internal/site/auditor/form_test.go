package auditor

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/page"
)

func TestFilterOf(t *testing.T) {
	t.Parallel()
	paris := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	id := someID.String()
	for query, want := range map[string]search.Filter{
		"":                     {Except: search.Readings()},
		"acte=mandate.signed":  {Actions: []string{"mandate.signed"}},
		"acte=report":          {Actions: journal.ActionsOf("report")},
		"acte=nothing.of_ours": {Except: search.Readings()},
		"structure=" + id + "&personne=" + id + "&usager=" + id + "&mandat=" + id: {Organisation: someID, Person: someID, Citizen: someID, Mandate: someID, Except: search.Readings()},
		"structure=+01939b1c-7c5e-7000+-8000-0123456789ab":                        {Organisation: someID, Except: search.Readings()},
		"demarche=caf-rsa&service=franceconnect&avant=12":                         {Procedure: "caf-rsa", Service: "franceconnect", Before: 12, Except: search.Readings()},
		"avant=-1": {Except: search.Readings()}, "avant=99999999999999999999": {Except: search.Readings()},
		"du=2026-11-01&au=2026-11-02":                                   {From: paris("2026-11-01T00:00:00+01:00"), To: paris("2026-11-03T00:00:00+01:00"), Except: search.Readings()},
		"du=2026-07-01&du_heure=08%3A15&au=2026-07-01&au_heure=08%3A30": {From: paris("2026-07-01T08:15:00+02:00"), To: paris("2026-07-01T08:30:00+02:00"), Except: search.Readings()},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f := page.FilledForm(values)
		got := filterOf(f)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" || f.Failed() {
			t.Errorf("%s: %v (-want +got):\n%s", query, f.Mistakes(), diff)
		}
	}
	for query, field := range map[string]string{
		"structure=x": "structure", "mandat=" + id + "0": "mandat", "du=demain": "du", "du=0001-01-01": "du", "du=99999-01-01": "du", "du_heure=08%3A15": "du", "au=2026-07-01&au_heure=25%3A00": "au_heure",
	} {
		values, _ := url.ParseQuery(query)
		f := page.FilledForm(values)
		filterOf(f)
		if m := f.Mistakes(); len(m) != 1 || m[0].Field != field {
			t.Errorf("%s: %v", query, m)
		}
	}
}
