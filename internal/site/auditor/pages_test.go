package auditor

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/comparison"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/inspection"
	"mandat/internal/journal/search"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/unsealing"
)

var (
	someID = uuid.MustParse("01939b1c-7c5e-7000-8000-0123456789ab")
	now    = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	sofia  = page.Who{Name: "Sofia Fictif", Role: "auditor"}
)

func entry(index int64, inSession bool) line {
	e := &journal.Entry{ID: 7, At: now, Action: "mandate.signed", Organisation: someID, Person: someID, Citizen: someID, Mandate: someID, Index: index, Body: json.RawMessage(`{"action":"mandate.signed"}`)}
	if inSession {
		e.Session = []byte("0123456789abcdef0123456789abcdef")
	}
	return line{Entry: e, Says: "L’aidant 0123 4567 89ab a signé."}
}

func known(l line) line {
	l.Known, l.Origin = true, session.Origin{Device: "Firefox, Windows", Network: netip.MustParsePrefix("192.0.2.0/24"), OpenedAt: now}
	return l
}

func bare(l line) line {
	l.Known, l.Origin = true, session.Origin{OpenedAt: now}
	return l
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	catalogue, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	wrong := page.FilledForm(url.Values{"structure": {"x"}, "du": {"demain"}, "acte": {"mandate"}, "demarche": {"caf-rsa"}})
	for _, name := range append([]string{"rang"}, fields...) {
		if name != "acte" && name != "demarche" {
			wrong.Fail(name, "auditor.list.not_an_id")
		}
	}
	list := func(change func(*listPage)) func() page.Page {
		return func() page.Page {
			p := &listPage{Common: page.Common{Title: "auditor.list.title", Trail: trail, Form: page.FilledForm(url.Values{"acte": {"mandate.signed"}})}, Groups: groups(), Themes: catalogue.Themes()}
			change(p)
			return p
		}
	}
	timeline := func(sort string, lines ...line) func() page.Page {
		return func() page.Page {
			return &timelinePage{Common: page.Common{Title: "auditor.timeline." + sort, TitleArgs: map[string]any{"ID": "0123"}, Trail: within}, Sort: sort, ID: someID, Pseudonym: "0123", Lines: lines, Newest: len(lines) != 1, Older: "?avant=3", Export: "/audit/export?mandat=x", Readings: "/audit/journal"}
		}
	}
	at := func(p *entryPage) func() page.Page {
		p.Common, p.Index, p.Commitment = page.Common{Title: "auditor.entry.title", TitleArgs: map[string]any{"Index": 4}, Trail: within}, 4, "aa"
		return func() page.Page { return p }
	}
	one := known(entry(4, true))
	lev := func(state string, change func(*leveePage)) func() page.Page {
		return func() page.Page {
			u := unsealing.Unsealing{ID: someID, Citizen: someID, Organisation: someID, Reason: unsealing.Request, Words: "Une explication.", State: state, AskedBy: someID, AskedAt: now, ExpiresAt: now}
			if state != unsealing.Asked && state != unsealing.Withdrawn {
				u.DecidedBy, u.DecidedAt, u.Until, u.Looks, u.LookedAt = someID, now, now, 2, now
			}
			p := &leveePage{Common: page.Common{Title: "auditor.unsealing.one.title", TitleArgs: map[string]any{"ID": "0123"}, Trail: underLevees}, Levee: levee{Unsealing: u}, Notice: "auditor.unsealing.was_granted"}
			change(p)
			return p
		}
	}
	person := unsealing.Unsealing{ID: someID, Person: someID, Reason: unsealing.Incident, State: unsealing.Granted, AskedBy: someID, AskedAt: now}
	ask := func(sort string, f *page.Form) func() page.Page {
		return func() page.Page {
			return &askPage{Common: page.Common{Title: "auditor.unsealing.ask.title", Trail: underLevees, Form: f}, Sort: sort, ID: someID, Pseudonym: "0123", Action: "/x", Reasons: unsealing.Reasons(), Max: unsealing.WordsMax}
		}
	}
	lists := func(l ...levee) func() page.Page {
		return func() page.Page {
			return &leveesPage{Common: page.Common{Title: "auditor.unsealing.list.title", Trail: trail}, Waiting: l, Mine: l, Past: l, Notice: "auditor.unsealing.was_ended"}
		}
	}
	unasked := page.FilledForm(url.Values{"motif": {unsealing.Anomaly}})
	unasked.Fail("motif", "auditor.unsealing.wrong.reason")
	unasked.Fail("raison", "auditor.unsealing.wrong.words")
	every := []levee{{Unsealing: person}}
	for _, state := range []string{unsealing.Asked, unsealing.Granted, unsealing.Refused, unsealing.Withdrawn, unsealing.Ended, unsealing.Expired, unsealing.Over} {
		every = append(every, levee{Unsealing: unsealing.Unsealing{ID: someID, Citizen: someID, Reason: unsealing.Complaint, State: state, AskedBy: someID, AskedAt: now, Looks: 1}})
	}
	unread := page.FilledForm(url.Values{"de": {"x"}, "acte": {"mandate.signed"}, "forme": {"jsonl"}})
	for _, name := range []string{"du", "du_heure", "au", "de", "a", "structure", "personne", "usager", "mandat"} {
		unread.Fail(name, "auditor.export.not_an_index")
	}
	exporting := func(f *page.Form) func() page.Page {
		return func() page.Page {
			return &exportPage{Common: page.Common{Title: "auditor.export.title", Trail: trail, Form: f}, Groups: groups(), Forms: exportForms}
		}
	}
	var names []string
	for _, p := range []struct {
		name string
		data func() page.Page
	}{
		{"auditor/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "auditor.home.title"}, Tree: "x\n1\n", Waiting: waiting{Unsealings: 1, Inquiries: 2, Alerts: 3}}
		}},
		{"auditor/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "auditor.home.title"}, Compared: true, Waiting: waiting{Alerts: manyAlerts}}
		}},
		{"auditor/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "auditor.home.title"}, Compared: true, Differences: []journal.Difference{{Of: "mandate", ID: someID.String(), What: "is gone"}, {Of: "organisation", ID: someID.String(), What: "is gone"},
				{Of: "person", ID: someID.String(), What: "is gone"}, {Of: "entry", ID: "7", What: "is gone"}}}
		}},
		{"auditor/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "auditor.home.title"}, Checks: comparison.Checks{Inspection: inspection.Outcome{At: now, Size: 3}, Comparison: comparison.Outcome{At: now}}}
		}},
		{"auditor/home.html", func() page.Page {
			return &homePage{Common: page.Common{Title: "auditor.home.title"}, Checks: comparison.Checks{Inspection: inspection.Outcome{At: now, Size: 3, Fault: "entry 1: is gone", WholeAt: now}, Comparison: comparison.Outcome{At: now, Differences: 2}}}
		}},
		{"auditor/export.html", exporting(&page.Form{})}, {"auditor/export.html", exporting(unread)},
		{"auditor/list.html", list(func(*listPage) {})},
		{"auditor/list.html", list(func(p *listPage) { p.Form, p.Narrowed, p.Dated = wrong, true, true })},
		{"auditor/list.html", list(func(p *listPage) {
			p.Asked, p.Lines, p.Older, p.Found = true, []line{one, entry(-1, false), bare(entry(5, true)), entry(6, true)}, "/audit/journal?avant=3", search.Found{Next: 3, Missing: 9}
		})},
		{"auditor/list.html", list(func(p *listPage) { p.Older, p.Found = "/audit/journal?avant=3", search.Found{Next: 3, Reached: now} })},
		{"auditor/timeline.html", timeline("mandate")}, {"auditor/timeline.html", timeline("citizen", one)}, {"auditor/timeline.html", timeline("mandate", one, entry(5, false))},
		{"auditor/entry.html", at(&entryPage{Near: []near{{Index: 3, Line: &one}, {Index: 4, Here: true}, {Index: 5}}})},
		{"auditor/entry.html", at(&entryPage{Line: &one, Body: "{}", Near: []near{{Index: 3}, {Index: 4, Here: true, Line: &one}}, Others: []line{one}})},
		{"auditor/levees.html", lists()}, {"auditor/levees.html", lists(every...)},
		{"auditor/levee_form.html", ask("citizen", nil)}, {"auditor/levee_form.html", ask("person", unasked)},
		{"auditor/levee.html", lev(unsealing.Asked, func(p *leveePage) { p.MayDecide = true })}, {"auditor/levee.html", lev(unsealing.Asked, func(p *leveePage) { p.Levee.Mine = true })},
		{"auditor/levee.html", lev(unsealing.Granted, func(p *leveePage) {
			p.Levee.Mine, p.MayEnd, p.Name = true, true, &unsealing.Name{Unsealing: p.Levee.Unsealing, Citizen: fixture.Angela()}
		})},
		{"auditor/levee.html", lev(unsealing.Granted, func(p *leveePage) {
			p.MayEnd, p.Levee.Unsealing, p.Name = true, person, &unsealing.Name{Unsealing: person, GivenName: "Jeanne", UsualName: "Fictif", Email: "jeanne@exemple.invalid"}
		})},
		{"auditor/levee.html", lev(unsealing.Ended, func(p *leveePage) { p.Levee.EndedAt, p.Levee.Words = now, "" })},
	} {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, sofia, p.data())
		}
	}
	pagetest.Covered(t, pagetest.Pages(t), "auditor", names)
}
