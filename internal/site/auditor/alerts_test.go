package auditor

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

// figures of each rule, and its thresholds.
var figures = map[string][2]map[string]int{
	anomaly.OddHours:     {{"acts": 3, "department": 974, "hours": 2}, {"opens": 7, "closes": 20, "saturday": 1, "sunday": 0, "holidays": 0, "acts": 3}},
	anomaly.Burst:        {{"acts": 30}, {"acts": 30, "minutes": 10}},
	anomaly.SoonUsed:     {{"mandates": 3}, {"mandates": 3, "minutes": 2}},
	anomaly.SharedPhone:  {{"citizens": 3}, {"citizens": 3}},
	anomaly.FarFromPeers: {{"acts": 90, "days": 5, "peers": 43, "median": 31, "spread": 9, "times": 6}, {"acts": 10, "peers": 10, "times": 6}},
	anomaly.RefusedSteps: {{"refusals": 5}, {"refusals": 5, "minutes": 60}},
	anomaly.SameDevice:   {{"mandates": 10}, {"mandates": 10}},
}

// Each rule has its sentence, and each threshold its name, in both languages.
func TestAlerts_SayWhyInWords(t *testing.T) {
	t.Parallel()
	s := &Alerts{Pages: pagetest.Pages(t)}
	for _, key := range anomaly.Keys() {
		of := figures[key]
		a := &anomaly.Alert{Finding: anomaly.Finding{Rule: key, Day: now.Truncate(24 * time.Hour), Figures: of[0], First: now, Last: now}}
		for _, lang := range pagetest.Languages {
			if says, err := s.says(lang, a, of[1]); err != nil || says == "" {
				t.Errorf("%s in %s: %v", key, lang, err)
			}
			for _, l := range limitsOf(key, of[1]) {
				if _, err := s.Pages.Text(lang, l.Name); err != nil {
					t.Errorf("%s in %s: %v", l.Name, lang, err)
				}
			}
		}
		if len(limitsOf(key, of[1])) != len(of[1]) {
			t.Errorf("%s: a threshold has no place on pages", key)
		}
	}
}

func TestAlerts_Pages(t *testing.T) {
	t.Parallel()
	one := func(state, kind, words string) alert {
		a := alert{Alert: anomaly.Alert{ID: someID, Finding: anomaly.Finding{Rule: anomaly.FarFromPeers, Version: 2, Organisation: someID, Person: someID, Day: now, Entries: []int64{4, 7}, First: now, Last: now},
			FoundAt: now, State: state, Kind: kind, Words: words, ClosedAt: now}, Says: "Bien plus que les autres.", Limited: limited{limitsOf(anomaly.Burst, figures[anomaly.Burst][1])}}
		if state == anomaly.InCase {
			a.Case = someID
		}
		return a
	}
	rates := []rate{{anomaly.Rate{Rule: anomaly.Burst, Version: 1, Found: 4, Closed: 3, ByKind: map[string]int{anomaly.Mistaken: 1}}, "Rafale"}, {anomaly.Rate{Version: 2, Found: 1, ByKind: map[string]int{}}, "Rafale"}}
	odd := ruleOf(anomaly.Rule{Key: anomaly.OddHours, Version: 1, Enabled: true, Thresholds: figures[anomaly.OddHours][1], Since: now, Bounds: []anomaly.Bound{{Name: "opens", Least: 0, Most: 12}, {Name: "saturday", Least: 0, Most: 1}, {Name: "holidays", Least: 0, Most: 1}}})
	burst := ruleOf(anomaly.Rule{Key: anomaly.Burst, Version: 2, Enabled: true, Thresholds: figures[anomaly.Burst][1], Since: now, ChangedBy: someID, Bounds: []anomaly.Bound{{Name: "acts", Least: 5, Most: 500}, {Name: "minutes", Least: 1, Most: 120}}})
	first := burst
	first.ChangedBy, first.Enabled = uuid.Nil, false
	wrong := func(fields ...string) *page.Form {
		f := page.FilledForm(url.Values{"acts": {"x"}, "motif": {anomaly.Mistaken}, "regle": {anomaly.Burst}, "etat": {"closes"}, "enabled": {"on"}})
		for _, name := range fields {
			f.Fail(name, "alerts.wrong.number")
		}
		return f
	}
	alertOf := func(a alert, f *page.Form, mine bool) page.Page {
		return &alertPage{Common: page.Common{Title: "alerts.one.title", TitleArgs: map[string]any{"Rule": "Rafale"}, Trail: underAlerts, Form: f}, Alert: a, Mine: mine, Cases: []anomaly.Case{{ID: someID, Name: "2026-0001"}}, Kinds: anomaly.Kinds(), Max: 300}
	}
	trials := []trial{trialOf(anomaly.Trial{Rule: anomaly.Burst, Thresholds: figures[anomaly.Burst][1], From: now, To: now, State: anomaly.TrialDone,
		Result: &anomaly.Result{Found: 3, New: 1, Again: map[string]int{anomaly.Open: 1}, Lost: map[string]int{anomaly.Mistaken: 2}}}),
		trialOf(anomaly.Trial{Rule: anomaly.Burst, From: now, To: now, State: "running", Done: 3, Whole: 9}), trialOf(anomaly.Trial{Rule: anomaly.Burst, From: now, To: now, State: anomaly.TrialFailed})}
	title := func(key string) page.Common {
		return page.Common{Title: key, Trail: underAlerts, Form: page.FilledForm(nil)}
	}
	var names []string
	for _, p := range []struct {
		name string
		data func() page.Page
	}{
		{"anomaly/alerts.html", func() page.Page { return &alertsPage{Common: title("alerts.list.title"), Keys: anomaly.Keys()} }},
		{"anomaly/alerts.html", func() page.Page {
			return &alertsPage{Common: page.Common{Title: "alerts.list.title", Form: wrong()}, Keys: anomaly.Keys(), Rates: rates, Older: "/audit/alertes?avant=3", Alerts: []alert{one(anomaly.Open, "", ""), one(anomaly.Closed, anomaly.Mistaken, "")}}
		}},
		{"anomaly/alert.html", func() page.Page { return alertOf(one(anomaly.Open, "", ""), wrong("motif", "raison"), false) }},
		{"anomaly/alert.html", func() page.Page { return alertOf(one(anomaly.InCase, "", ""), page.FilledForm(nil), true) }},
		{"anomaly/alert.html", func() page.Page { return alertOf(one(anomaly.Closed, anomaly.Practice, "Une permanence."), nil, false) }},
		{"anomaly/alert.html", func() page.Page { return alertOf(one(anomaly.Closed, anomaly.Practice, ""), nil, false) }},
		{"anomaly/rules.html", func() page.Page { return &rulesPage{Common: title("alerts.rules.title"), Rules: []rule{burst, first}} }},
		{"anomaly/rule.html", func() page.Page {
			return &rulePage{Common: title("alerts.rule.odd_hours"), Rule: odd, Versions: []rule{odd}}
		}},
		{"anomaly/rule.html", func() page.Page {
			return &rulePage{Common: title("alerts.rule.burst"), Rule: burst, Versions: []rule{burst, first}}
		}},
		{"anomaly/rule.html", func() page.Page {
			return &rulePage{Common: page.Common{Title: "alerts.rule.burst", Form: wrong("acts", "minutes", "du")}, Rule: first, Versions: []rule{first}, Trials: trials, Months: rates}
		}},
	} {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, sofia, p.data())
		}
	}
	pagetest.Covered(t, pagetest.Pages(t), "anomaly", names)
}
