package aidant

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

var (
	someID       = uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")
	signedAt     = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	endsAt       = terms.EndOf(signedAt, 31)
	angela       = citizen.Identity{GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female", Birthcountry: "99100"}
	longName     = citizen.Identity{GivenName: "Marie-Antoinette Philippine Joséphine", FamilyName: "DE LA ROCHEFOUCAULD-MONTMORENCY-LAVAL-D’ESTERNAY", PreferredUsername: "N’GUYEN", Birthdate: "1931-00-00"}
	house        = org.Organisation{ID: someID, SIRET: "21750001600019", Name: "Maison France Services de Saint-Étienne-du-Rouvray", Address: "12 rue de l’Hôtel-de-Ville", Postcode: "76800", City: "Saint-Étienne-du-Rouvray", Phone: "02 35 00 00 00", Email: "contact@mfs.example"}
	maelle       = page.Who{Name: "Maëlle Le Goff", Organisation: house.Name, Role: "aidant"}
	tax, _       = mustLoad().Find("argent-impots-declaration")
	fixedPowers  = []powerLine{{Name: "Déclaration de revenus", Body: "DGFiP", Standing: true}, {Name: "Prime d’activité", Body: "CAF", Reason: "superseded"}}
	fixedHistory = []act{{At: signedAt.Add(time.Hour), Text: "Mandat utilisé pour « Déclaration de revenus »", Name: "Maëlle Le Goff"}, {At: signedAt, Text: "Mandat signé", Name: ""}}
)

func mustLoad() *procedure.Catalogue {
	c, err := procedure.Load()
	if err != nil {
		panic(err)
	}
	return c
}

func someMandate(who citizen.Identity) mandate.Mandate {
	return mandate.Mandate{ID: someID, State: mandate.Standing, Days: 31, IdentifiedAt: signedAt, SignedAt: signedAt, EndsAt: endsAt, Identity: who,
		Powers: []mandate.Power{{}, {}}, Terms: terms.Frozen{Citizen: who, Organisation: terms.Party{Name: house.Name}}}
}

func summaries() []mandateLine {
	ended := signedAt.Add(time.Hour)
	return []mandateLine{
		{caseload.Summary{ID: someID, Citizen: citizen.Citizen{Identity: angela}, State: mandate.Standing, SignedAt: signedAt, EndsAt: endsAt, Procedures: []string{tax.Key}, Given: 3, Left: 2, By: "Maëlle Le Goff"}, caseload.TabCurrent},
		{caseload.Summary{ID: someID, Citizen: citizen.Citizen{Identity: longName}, State: mandate.Ended, SignedAt: signedAt, EndsAt: endsAt, EndedAt: &ended, Procedures: []string{"a", "b", "c"}, Given: 3}, caseload.TabEnded},
		{caseload.Summary{ID: someID, Citizen: citizen.Citizen{Identity: angela}, State: mandate.Standing, SignedAt: signedAt, EndsAt: signedAt, Procedures: []string{tax.Key}}, caseload.TabEnded},
		{caseload.Summary{ID: someID, Citizen: citizen.Citizen{Identity: angela}, State: "scheduled", SignedAt: signedAt, EndsAt: endsAt, Given: 2, Left: 2}, caseload.TabScheduled},
		{caseload.Summary{ID: someID, Citizen: citizen.Citizen{Identity: angela}, State: mandate.Standing, SignedAt: signedAt, EndsAt: endsAt, Procedures: []string{tax.Key}, Given: 1, Left: 1}, caseload.TabSoon},
	}
}

func failed(fields ...string) *page.Form {
	form := page.FilledForm(url.Values{"days": {"31"}})
	for _, f := range fields {
		form.Fail(f, map[string]string{"informed": "aidant.terms.wrong.informed.missing", "procedures": "aidant.terms.wrong.procedures.none", "days": "aidant.terms.wrong.days.invalid",
			"no_protection": "aidant.terms.wrong.no_protection.missing", "agreed": "aidant.recap.wrong.agreed", "reason": "aidant.end.wrong.reason", "recherche": "list.too_short", "fin": "list.wrong_day", "format": "list.export_wrong"}[f])
	}
	return form
}

type shownPage struct {
	name, variant string
	data          func() page.Page
}

// everyPage is each page of this area, in each shape it can have.
func everyPage(t *testing.T) []shownPage {
	t.Helper()
	drawn := draft.Draft{ID: someID, State: draft.Open, Terms: terms.Terms{Powers: []terms.Asked{{Procedure: tax.Key, Level: procedure.Act}}, Days: 31}, CreatedAt: signedAt, ExpiresAt: signedAt.Add(4 * time.Hour)}
	identified := drawn
	identified.State, identified.Identity, identified.IdentifiedAt = draft.Identified, &angela, signedAt
	above := []page.Link{home, {Href: "/mandats/x", Text: "aidant.mandate.title"}}
	end := func(standing bool, form *page.Form) func() page.Page {
		return func() page.Page {
			return &endPage{Common: page.Common{Title: "aidant.end.title", Trail: above, Form: form}, Mandate: someMandate(angela), Standing: standing, EndedAt: signedAt, Reason: "mistake", Reasons: mandate.Reasons}
		}
	}
	return []shownPage{
		{"aidant/home.html", "empty", func() page.Page {
			return &homePage{Common: page.Common{Title: "aidant.home.title", Current: "/espace"}, GivenName: "Maëlle", Organisation: house.Name}
		}},
		{"aidant/home.html", "full", func() page.Page {
			return &homePage{Common: page.Common{Title: "aidant.home.title", Current: "/espace"}, GivenName: "Maëlle", Organisation: house.Name, Drafts: []draftLine{{Draft: drawn, Step: staff.Step(drawn)}, {Draft: identified, Step: staff.Step(identified)}},
				Colleagues: []draftLine{{Draft: identified, By: "Paul Fictif", Awaits: true}, {Draft: drawn, By: "Marie-Antoinette de La Rochefoucauld-Montmorency"}},
				Followed:   summaries(), Desk: caseload.Desk{Any: true, Ending: 3}, Notice: "aidant.home.abandoned"}
		}},
		{"aidant/home.html", "not certified", func() page.Page {
			return &homePage{Common: page.Common{Title: "aidant.home.title"}, Organisation: house.Name, Why: "not_certified", Missing: []string{"aidant.lacks.training", "aidant.lacks.test", "aidant.lacks.certificate"}}
		}},
		{"aidant/mandate.html", "signed", func() page.Page {
			return &mandatePage{Common: page.Common{Title: "aidant.mandate.step", Trail: above[:1]}, Mandate: someMandate(angela), Standing: true, DrawnUpBy: "Maëlle Le Goff", Powers: fixedPowers, Signed: true}
		}},
		{"aidant/mandate.html", "ended", func() page.Page {
			return &mandatePage{Common: page.Common{Title: "aidant.mandate.title", Trail: above[:1]}, Mandate: someMandate(longName), EndedAt: signedAt, Reason: "expired", Powers: fixedPowers, History: fixedHistory}
		}},
		{"aidant/attestation.html", "standing", paper(t, nil)},
		{"aidant/attestation.html", "large", paper(t, func(p *attestationPage) { p.Large = true })},
		{"aidant/attestation.html", "ended", paper(t, func(p *attestationPage) { p.Standing, p.EndedAt = false, signedAt })},
		{"aidant/attestation.html", "end", paper(t, asCertificate)},
		{"aidant/attestation.html", "beside", paper(t, translated("en", false, true))},
		{"aidant/attestation.html", "beside, right to left", paper(t, translated("ar", true, true))},
		{"aidant/attestation.html", "one after the other", paper(t, translated("ar", true, false))},
		{"aidant/end.html", "ask", end(true, nil)},
		{"aidant/end.html", "wrong", end(true, failed("reason"))},
		{"aidant/end.html", "done", end(false, nil)},
		{"aidant/end.html", "with others", func() page.Page {
			return &endPage{Common: page.Common{Title: "aidant.end.title", Trail: above}, Mandate: someMandate(angela), Standing: true, Left: 1, Others: 2, Reasons: mandate.Reasons}
		}},
		{"aidant/end.html", "of the person, done", func() page.Page {
			return &endPage{Common: page.Common{Title: "aidant.end.done_title", Trail: above}, Mandate: someMandate(angela), EndedAt: signedAt, Reason: "death"}
		}},
		{"aidant/end.html", "confirm", func() page.Page {
			return &endPage{Common: page.Common{Title: "aidant.end.title", Trail: above, Form: page.FilledForm(url.Values{"reason": {"citizen"}})}, Mandate: someMandate(angela), Standing: true, Confirm: true}
		}},
		{"aidant/organisations.html", "several", func() page.Page {
			return &organisationsPage{Common: page.Common{Title: "aidant.organisations.title"}, Organisations: []session.Belonging{
				{Name: house.Name, City: house.City, PublicID: someID, Role: session.Aidant}, {Name: "CCAS", City: "Lyon", PublicID: drawn.ID, Role: session.Referent}}}
		}},
		{"aidant/organisations.html", "none", func() page.Page {
			return &organisationsPage{Common: page.Common{Title: "aidant.organisations.title"}}
		}},
	}
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	var names []string
	for _, p := range append(append(everyPage(t), phonePages()...), append(listPages(), append(refusalsPages(), append(usesPages(), append(endsPages(), append(dossierPages(), erasurePages()...)...)...)...)...)...) {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			body := pagetest.Render(t, pages, p.name, lang, maelle, p.data())
			title := body[strings.Index(body, "<title>"):strings.Index(body, "</title>")]
			for _, personal := range []string{"DUBOIS", "Angela", "Maëlle", "ROCHEFOUCAULD"} {
				if strings.Contains(title, personal) {
					t.Errorf("%s %s: the title names somebody: %s", p.name, p.variant, title)
				}
			}
		}
	}
	pagetest.Covered(t, pages, "aidant", names)
}
