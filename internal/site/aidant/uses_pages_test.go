package aidant

import (
	"net/url"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/citizen"
	"mandat/internal/page"
	"mandat/internal/report"
)

// usesPages is each page about uses, in each shape it can have.
func usesPages() []shownPage {
	open := useLine{Use: report.Use{ID: someID, Mandate: someID, Name: "Maëlle Le Goff", Way: report.Login, UsedAt: signedAt, State: report.Opened}, Procedure: "Déclaration de revenus", Body: "DGFiP"}
	account := report.Account{Number: 1, Outcome: report.ToFinish, Supplied: true, Site: "impots.gouv.fr/tres/longue/adresse/qui-ne-se-coupe-pas", Receipt: "2026-114-558877", Note: "Il manque\nune pièce.",
		Name: "Paul Fictif", At: signedAt.Add(time.Hour)}
	closed := open
	closed.State, closed.Outcome, closed.Accounts = report.Closed, report.ToFinish, []report.Account{account, account}
	declared := closed
	declared.Way, declared.Outcome, declared.File = report.Telephone, report.Done, "2026/114-B"
	atService := open
	atService.Service = "Aides au logement de démonstration"
	wrong := func(fields ...string) *page.Form {
		form := page.FilledForm(url.Values{"note": {"1 85 05 78 006 084 91"}, "outcome": {"done"}, "site": {otherSite}, "typed_site": {"x"}, "way": {report.Paper}, "supplied": {"on"}})
		for _, f := range fields {
			form.Fail(f, map[string]string{"note": "uses.holds.nir", "receipt": "uses.holds.card", "site": "uses.wrong.site", "outcome": "uses.wrong.outcome", "procedure": "uses.wrong.no_power", "way": "uses.wrong.way"}[f])
		}
		return form
	}
	trail := mandateTrail(someID)
	use := func(u useLine, sites []string, form *page.Form, change func(*usePage)) func() page.Page {
		return func() page.Page {
			p := &usePage{Common: page.Common{Title: "uses.use.title", Trail: trail, Form: form}, Mandate: someMandate(angela), Use: u, Outcomes: report.Outcomes, Sites: sites,
				AsksSite: u.Way == report.Login, After: len(u.Accounts)}
			if change != nil {
				change(p)
			}
			return p
		}
	}
	list := func(who citizen.Identity, form *page.Form, uses ...useLine) func() page.Page {
		return func() page.Page {
			return &usesPage{Common: page.Common{Title: "uses.title", Trail: trail, Form: form}, Mandate: someMandate(who), Uses: uses, Ways: report.Ways, MayDeclare: len(uses) > 0,
				All: len(uses), Standing: []powerChoice{{"a", "Déclaration de revenus", "DGFiP", ""}, {"a:1", "Déclaration de revenus", "DGFiP", "2026/114-B"}, {"b", "Prime d’activité", "CAF", ""}}}
		}
	}
	sheet := func(change func(*reportPage)) func() page.Page {
		return func() page.Page {
			p := &reportPage{Common: page.Common{Title: "uses.report.title", Trail: trail}, Sum: "00", Report: report.Report{Mandate: someMandate(angela), Title: "Compte rendu du mandat",
				Parties: attestation.Block{Kind: attestation.Facts, Rows: [][2]string{{"La personne", angela.FullName()}}},
				Body: []attestation.Block{{Kind: attestation.Paragraph, Text: "Ce mandat a servi."}, {Kind: attestation.Heading, Level: 2, Text: "Ce qui a été fait"}, {Kind: attestation.Heading, Level: 3, Text: "1. Impôts"},
					{Kind: attestation.Facts, Rows: [][2]string{{"Précisions", "un\ndeux"}}}, {Kind: attestation.List, Items: []string{"un", "deux"}}, {Kind: attestation.Note, Text: "Établi le 21 novembre."}}}}
			change(p)
			if p.Part.Of == 0 {
				p.Part, _ = p.Report.Part(uuid.Nil)
			}
			return p
		}
	}
	sites := []string{"impots.gouv.fr"}
	return []shownPage{
		{"aidant/home.html", "uses wait", func() page.Page {
			return &homePage{Common: page.Common{Title: "aidant.home.title"}, Waiting: waiting{All: 21, Lines: []waitingLine{{ID: someID, Mandate: someID, Procedure: "Déclaration de revenus", At: signedAt},
				{ID: someID, Mandate: someID, Procedure: "Prime d’activité", Name: "Paul Fictif", At: signedAt, ToFinish: true}}}}
		}},
		{"aidant/uses.html", "none", list(longName, nil)},
		{"aidant/uses.html", "several", list(angela, nil, open, atService, closed, declared)},
		{"aidant/uses.html", "between pages", func() page.Page {
			return &usesPage{Common: page.Common{Title: "uses.title", Trail: trail}, Mandate: someMandate(angela), Uses: []useLine{open, declared}, All: 60, Newer: "?apres=1", Older: "?avant=1"}
		}},
		{"aidant/uses.html", "refused", func() page.Page {
			return &usesPage{Common: page.Common{Title: "uses.title", Trail: trail}, Mandate: someMandate(angela), Refused: "uses.wrong.no_power"}
		}},
		{"aidant/uses.html", "wrong", list(angela, wrong("procedure", "way"), open)},
		{"aidant/use.html", "open", use(open, sites, nil, nil)},
		{"aidant/use.html", "known service", use(atService, []string{atService.Service}, filled(atService.Use, nil), nil)},
		{"aidant/use.html", "no known site", use(open, nil, wrong("site"), nil)},
		{"aidant/use.html", "wrong", use(open, sites, wrong("outcome", "site", "receipt", "note"), nil)},
		{"aidant/use.html", "declared", use(declared, nil, wrong(), func(p *usePage) { p.Before, p.Notice = []report.Account{account}, "uses.use.saved" })},
		{"aidant/use.html", "changed", use(closed, sites, wrong(), func(p *usePage) { p.Before, p.Changed = []report.Account{account, account}, true })},
		{"aidant/report.html", "standing", sheet(func(*reportPage) {})},
		{"aidant/report.html", "ended", sheet(func(p *reportPage) { p.Ended, p.Changed = true, true })},
		{"aidant/report.html", "handed", sheet(func(p *reportPage) { p.Handed.At, p.Same = signedAt, true })},
		{"aidant/report.html", "between pages", sheet(func(p *reportPage) {
			p.Part, p.Before, p.Next = report.Part{Body: p.Report.Body, Number: 3, Of: 4}, "?apres=1", "?apres=2"
		})},
		{"aidant/report.html", "another handed", sheet(func(p *reportPage) { p.Handed.At = signedAt })},
	}
}
