package aidant

import (
	"net/url"

	"mandat/internal/caseload"
	"mandat/internal/page"
)

// listPages are the pages of the list in all their states.
func listPages() []shownPage {
	list := func(change func(*listPage)) func() page.Page {
		return func() page.Page {
			p := &listPage{Common: page.Common{Title: "list.title", Current: "/mandats", Trail: []page.Link{home}}, Tab: caseload.TabCurrent, Page: 1, Pages: 1}
			for _, name := range caseload.Tabs {
				p.Tabs = append(p.Tabs, tab{Name: name, Query: "?onglet=" + name, Count: 1234})
			}
			for _, t := range mustLoad().Themes() {
				p.Choices.Themes = append(p.Choices.Themes, themeOption{Value: themeStart + t.Key, Name: t.Name.In("fr"), Procedures: []procedureOption{{tax.Key, tax.Name.In("fr")}}})
			}
			p.Choices.People = []caseload.Colleague{{ID: someID, Name: "Maëlle Le Goff"}}
			change(p)
			return p
		}
	}
	export := func(change func(*exportPage)) func() page.Page {
		return func() page.Page {
			p := &exportPage{Common: page.Common{Title: "list.export_title", Trail: []page.Link{home, {Href: "/mandats?fin=2026-12-31&onglet=soon", Text: "list.title"}}}, Query: "?fin=2026-12-31&onglet=soon", Count: 12, Most: caseload.MaxExport}
			change(p)
			return p
		}
	}
	pages := []shownPage{
		{"aidant/list.html", "middle", list(func(p *listPage) {
			p.Lines, p.Count, p.Page, p.Pages, p.Previous, p.Next, p.Narrowed, p.Filtered = summaries(), 1234, 2, 50, "?a=1", "?page=3&r=x", true, true
			p.Form = page.FilledForm(url.Values{"recherche": {"d'Arc"}, "demarche": {tax.Key}, "suivi": {someID.String()}, "fin": {"2026-12-31"}})
		})},
		{"aidant/list.html", "one", list(func(p *listPage) { p.Lines, p.Count = summaries()[:1], 1 })},
		{"aidant/list.html", "wrong", list(func(p *listPage) { p.Form, p.Lost = failed("recherche", "fin"), true })},
		{"aidant/list.html", "nobody", list(func(p *listPage) { p.Narrowed = true })},
		{"aidant/list.html", "elsewhere", list(func(p *listPage) { p.Narrowed, p.Elsewhere, p.Tab = true, true, caseload.TabEnded })},
		{"aidant/export.html", "ask", export(func(p *exportPage) { p.Narrowed = true })},
		{"aidant/export.html", "wrong", export(func(p *exportPage) { p.Form = failed("format") })},
		{"aidant/export.html", "kept", export(func(p *exportPage) { p.Form = page.KeptForm(url.Values{"format": {"csv"}}) })},
		{"aidant/export.html", "too many", export(func(p *exportPage) { p.TooMany, p.Count = true, 20_000 })},
		{"aidant/export.html", "nobody", export(func(p *exportPage) { p.Count = 0 })},
	}
	for _, name := range caseload.Tabs {
		pages = append(pages, shownPage{"aidant/list.html", "empty " + name, list(func(p *listPage) { p.Tab, p.Elsewhere = name, name != caseload.TabCurrent })})
	}
	return pages
}
