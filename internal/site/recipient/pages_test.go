package recipient

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/inquiry"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/recipient"
)

var (
	someID = uuid.MustParse("01939b1c-7c5e-7000-8000-0123456789ab")
	now    = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
)

func wrong(values url.Values, fields map[string]string) *page.Form {
	f := page.FilledForm(values)
	for name, key := range fields {
		f.Fail(name, key)
	}
	return f
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	entry := recipient.Seen{ID: 7, Index: 12, At: now, Action: "power.refused", Organisation: "Une structure", Person: someID, Citizen: someID, Login: someID.String(), Outcome: "no_power"}
	fresh := recipient.Seen{ID: 8, Index: -1, At: now, Action: "mandate.ended", Organisation: "Une structure"}
	raised := recipient.Signal{ID: someID, Kind: recipient.Denied, Entries: []int64{3, 12}, Words: "La personne dit non.", State: recipient.Raised, RaisedAt: now}
	closed := recipient.Signal{ID: someID, Kind: recipient.Many, Entries: []int64{3}, State: recipient.Closed, RaisedAt: now, Outcome: recipient.Acted, ClosedAt: now}
	full := place{recipient.Place{PublicID: someID, SIRET: "21750001600019", Name: "Une structure", Kind: "ccas", Postcode: "75001", City: "Paris", FranceServices: "12", Habilitation: "34", State: "closed", Since: now, Closed: now,
		Aidants: 4, Certified: 2, Over: 1, Suspended: 1, Findings: []recipient.Finding{{Gravity: inquiry.Grave, Outcome: inquiry.Warning, Count: 1, Last: now}, {Gravity: inquiry.Minor, Outcome: inquiry.None, Count: 2, Last: now}}}}
	months := []month{{recipient.Month{Of: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Signed: 3, Used: 12}, "novembre 2026"}}
	team, prune := page.Who{Name: "Félix Fictif", Role: "fraud"}, page.Who{Name: "Prune Fictif", Role: "prefecture"}
	var names []string
	for _, p := range []struct {
		name string
		who  page.Who
		data func() page.Page
	}{
		{"recipients/fraud.html", team, func() page.Page {
			return &fraudPage{Common: page.Common{Title: fraud.Text, Form: page.FilledForm(nil)}, Span: 31, OfOne: 366}
		}},
		{"recipients/fraud.html", team, func() page.Page {
			return &fraudPage{Common: page.Common{Title: fraud.Text, Form: wrong(nil, map[string]string{"du": "receiving.fraud.wrong.day", "au": "receiving.fraud.wrong.span", "sub": "receiving.fraud.wrong.sub", "usager": "receiving.fraud.wrong.citizen"})}, Asked: true}
		}},
		{"recipients/fraud.html", team, func() page.Page {
			return &fraudPage{Common: page.Common{Title: fraud.Text, Form: page.FilledForm(url.Values{"du": {"2026-11-01"}})}, Asked: true, Seen: []seen{{entry, "aucun mandat ne le permettait"}, {fresh, ""}}, Next: 7, Most: 20}
		}},
		{"recipients/fraud.html", team, func() page.Page {
			return &fraudPage{Common: page.Common{Title: fraud.Text, Form: page.FilledForm(url.Values{"du": {"2026-11-01"}})}, Asked: true, Next: 7, Reached: now}
		}},
		{"recipients/signals.html", team, func() page.Page { return &signalsPage{Common: page.Common{Title: signals.Text}} }},
		{"recipients/signals.html", team, func() page.Page {
			return &signalsPage{Common: page.Common{Title: signals.Text}, Signals: []recipient.Signal{raised, closed}, Notice: "receiving.signals.was_raised"}
		}},
		{"recipients/signal.html", team, func() page.Page {
			return &signalPage{Common: page.Common{Title: "receiving.signal.title", Form: page.FilledForm(url.Values{"entrees": {"3 12"}})}, Kinds: recipient.Kinds(), Min: 20, Max: 1000, Most: 20}
		}},
		{"recipients/signal.html", team, func() page.Page {
			return &signalPage{Common: page.Common{Title: "receiving.signal.title", Form: wrong(url.Values{"motif": {"many"}}, map[string]string{"entrees": "receiving.signal.wrong.entries", "motif": "receiving.signal.wrong.kind", "raison": "receiving.signal.wrong.words"})},
				Kinds: recipient.Kinds()}
		}},
		{"recipients/department.html", prune, func() page.Page {
			return &departmentPage{Common: page.Common{Title: prefecture.Text, TitleArgs: map[string]any{"Code": "2A"}}, Code: "2A", Months: months}
		}},
		{"recipients/department.html", prune, func() page.Page {
			return &departmentPage{Common: page.Common{Title: prefecture.Text, TitleArgs: map[string]any{"Code": "2A"}}, Code: "2A", Months: months, Active: 1, Places: []place{full, {recipient.Place{PublicID: someID, Name: "Autre", State: "open"}}}}
		}},
		{"recipients/organisation.html", prune, func() page.Page {
			return &organisationPage{Common: page.Common{Title: "receiving.organisation.title", TitleArgs: map[string]any{"Name": "Une structure"}}, Place: full, Kind: "CCAS", Months: months}
		}},
		{"recipients/organisation.html", prune, func() page.Page {
			return &organisationPage{Common: page.Common{Title: "receiving.organisation.title", TitleArgs: map[string]any{"Name": "Autre"}}, Place: place{recipient.Place{Name: "Autre", State: "suspended", Since: now}}, Months: months}
		}},
	} {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, p.who, p.data())
		}
	}
	pagetest.Covered(t, pagetest.Pages(t), "recipients", append(names, "recipients/queue.html", "recipients/dealing.html")) // those are auditors', in package site/auditor
}
