package auditor

import (
	"net/url"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

func TestInquiries_AreSound(t *testing.T) {
	t.Parallel()
	of := func(state string) inquiry.Inquiry {
		return inquiry.Inquiry{ID: someID, Year: 2026, Number: 7, State: state, Round: 1, OpenedBy: someID, OpenedAt: now}
	}
	closed := of(inquiry.Closed)
	closed.ClosedAt = now
	finding := func(gravity, state string) inquiry.Finding {
		return inquiry.Finding{ID: someID, Gravity: gravity, State: state, Organisation: someID, Person: someID, Mandate: someID, Words: "Ce qui est constaté.", MadeBy: someID, MadeAt: now, DueAt: now, Reply: "Oui.", RepliedAt: now}
	}
	measure := func(kind, state string, provisional bool) inquiry.Measure {
		m := inquiry.Measure{ID: someID, Kind: kind, State: state, Provisional: provisional, Organisation: someID, Person: someID, Mandate: someID, OrderedAt: now}
		if state != inquiry.Ordered {
			m.StoodAt = now
		}
		if state == inquiry.Ended {
			m.EndedAt = now
		}
		return m
	}
	var kinds []inquiry.Note
	for _, kind := range []string{"note", "set_aside", "provisional", "decision", "lifted", "reopened"} {
		kinds = append(kinds, inquiry.Note{ID: someID, Kind: kind, Words: "Une note.", By: someID, At: now})
	}
	whole := inquiry.Whole{Inquiry: of(inquiry.Found), Entries: []inquiry.Attached{{Index: 4, By: someID, At: now}, {Index: 5, By: someID, At: now, Aside: true}, {Index: 6, By: someID, At: now, Aside: true, SetAside: "Sans rapport."}}, Notes: append(kinds, inquiry.Note{Kind: "note"}),
		Findings: []inquiry.Finding{finding(inquiry.None, inquiry.Made), finding(inquiry.Minor, inquiry.Asked), finding(inquiry.Grave, inquiry.Replied), finding(inquiry.Grave, inquiry.Lapsed)},
		Measures: []inquiry.Measure{measure(inquiry.OfMandate, inquiry.Stands, true), measure(inquiry.OfPerson, inquiry.Ended, false), measure(inquiry.OfPersonThere, inquiry.Ordered, false), measure(inquiry.OfPerson, inquiry.Ending, false)}}
	whole.Reports = []inquiry.Report{{ID: someID, State: inquiry.Found, SHA256: make([]byte, 32), MadeBy: someID, MadeAt: now}, {ID: someID, State: inquiry.Decided, Organisation: someID, SHA256: make([]byte, 32), MadeBy: someID, MadeAt: now}}
	decided := whole
	decided.Inquiry, decided.Decisions = of(inquiry.Decided), []inquiry.Taken{{Round: 1, Outcome: inquiry.Suspension, Words: "Voilà pourquoi.", By: someID, At: now}, {Outcome: inquiry.None}}
	wrong := page.FilledForm(url.Values{"gravite": {"minor"}, "decision": {"warning"}})
	for _, name := range []string{"rang", "raison_ecart", "ecart", "note", "gravite", "structure", "personne", "mandat", "constat", "mesure", "raison_mesure", "levee", "raison_levee", "decision", "motifs"} {
		wrong.Fail(name, "cases.wrong.words")
	}
	orders := []order{{"a mandate", inquiry.OfMandate, "0123"}, {"a person", inquiry.OfPerson, "0123"}}
	one := func(w inquiry.Whole, change func(*inquiryPage)) func() page.Page {
		return func() page.Page {
			p := &inquiryPage{Common: page.Common{Title: "cases.one.title", TitleArgs: map[string]any{"Number": "2026-0007"}, Trail: underInquiries}, Whole: w, Max: inquiry.WordsMax,
				subjects: subjects{acts: map[int64]*journal.Entry{4: {Action: "mandate.signed", At: now}}, Organisations: []uuid.UUID{someID}, People: []uuid.UUID{someID}, Mandates: []uuid.UUID{someID}}}
			change(p)
			return p
		}
	}
	same := func(*inquiryPage) {}
	list := func(change func(*inquiriesPage)) func() page.Page {
		return func() page.Page {
			p := &inquiriesPage{Common: page.Common{Title: inquiries.Text, Trail: trail}, Index: -1}
			change(p)
			return p
		}
	}
	find := func(change func(*reportPage)) func() page.Page {
		return func() page.Page {
			p := &reportPage{Common: page.Common{Title: "cases.report.find", Trail: underInquiries}}
			change(p)
			return p
		}
	}
	var names []string
	for _, p := range []struct {
		name string
		data func() page.Page
	}{
		{"inquiry/list.html", list(func(*inquiriesPage) {})},
		{"inquiry/list.html", list(func(p *inquiriesPage) {
			p.Index, p.Notice, p.Within, p.Inquiries = 4, "cases.done.open", []inquiry.Inquiry{of(inquiry.Open)}, []inquiry.Inquiry{of(inquiry.Open), of(inquiry.Found), closed}
		})},
		{"inquiry/report.html", find(func(*reportPage) {})},
		{"inquiry/report.html", find(func(p *reportPage) {
			p.Form = page.FilledForm(url.Values{"empreinte": {"00"}})
			p.Form.Fail("empreinte", "cases.report.not_hash")
		})},
		{"inquiry/report.html", find(func(p *reportPage) { p.Asked = true })},
		{"inquiry/report.html", find(func(p *reportPage) {
			p.Asked, p.Found, p.Report, p.Of = true, true, whole.Reports[0], of(inquiry.Found)
		})},
		{"inquiry/one.html", one(inquiry.Whole{Inquiry: of(inquiry.Open)}, same)},
		{"inquiry/one.html", one(whole, func(p *inquiryPage) {
			p.Form, p.MayDecide, p.Orders, p.Provisory, p.Notice = wrong, true, orders, orders, "cases.done.found"
		})},
		{"inquiry/one.html", one(whole, func(p *inquiryPage) { p.Waiting = true })}, {"inquiry/one.html", one(whole, same)},
		{"inquiry/one.html", one(decided, same)}, {"inquiry/one.html", one(inquiry.Whole{Inquiry: closed}, func(p *inquiryPage) {
			p.Form = page.FilledForm(nil)
			p.Form.Fail("raison_reouverture", "cases.wrong.words")
		})},
	} {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, sofia, p.data())
		}
	}
	pagetest.Covered(t, pagetest.Pages(t), "inquiry", names)
}
