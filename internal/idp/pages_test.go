package idp

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

var (
	someLogin = Login{ID: uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001"), Client: "franceconnect", RedirectURI: "https://fc.exemple.test/oidc-callback"}
	someone   = citizen.Identity{GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female", Birthcountry: "99100"}
	until     = time.Date(2026, 12, 22, 22, 59, 59, 0, time.UTC)
)

func wrong(field, text string) *page.Form {
	form := page.FilledForm(url.Values{"recherche": {"du"}})
	form.Fail(field, text)
	return form
}

// everyPage is each page of this area, in each shape it can have.
func everyPage() map[string]func() (string, page.Page) {
	search := func(change func(*citizenPage)) func() (string, page.Page) {
		return func() (string, page.Page) {
			p := &citizenPage{Common: page.Common{Title: "idp.citizen.title"}, Login: someLogin, Client: "FranceConnect"}
			change(p)
			return "idp/citizen.html", p
		}
	}
	procedures := func(change func(*procedurePage)) func() (string, page.Page) {
		return func() (string, page.Page) {
			p := &procedurePage{Common: page.Common{Title: "idp.procedure.title"}, Login: someLogin, Client: "FranceConnect", Name: someone.FullName(),
				Birthdate: "24 août 1962", Themes: []themeChoice{{Key: "argent", Name: "Argent", Procedures: []procedureChoice{
					{Key: "argent-impots-declaration", Value: "argent-impots-declaration", Level: "act", Name: "Déclarer ses revenus", Body: "DGFiP", EndsAt: until},
					{Key: "argent-surendettement", Value: "argent-surendettement", Level: "act", Name: "Surendettement", Body: "Banque de France", Warning: "Cela engage.", EndsAt: until}}}}}
			change(p)
			return "idp/procedure.html", p
		}
	}
	found := []foundCitizen{{ID: someLogin.ID, Name: someone.FullName(), Birthdate: "24 août 1962"}, {ID: someLogin.ID, Name: "Camille FICTIF", Birthdate: "1950", Why: "idp.citizen.outside"}, {ID: someLogin.ID, Name: "Dominique FICTIF", Birthdate: "1951", Why: "idp.citizen.below"},
		{ID: someLogin.ID, Name: "Camille FICTIF", Birthdate: "1950", Why: "idp.citizen.no_email"}}
	return map[string]func() (string, page.Page){
		"search":           search(func(*citizenPage) {}),
		"search, limited":  search(func(p *citizenPage) { p.Perimeters = []string{"Argent", "Logement"} }),
		"search, unknown":  search(func(p *citizenPage) { p.Unknown = true }),
		"search, short":    search(func(p *citizenPage) { p.Form = wrong("recherche", "idp.citizen.too_short") }),
		"search, no power": search(func(p *citizenPage) { p.Form = wrong("recherche", "idp.citizen.no_power") }),
		"found":            search(func(p *citizenPage) { p.Searched, p.Found, p.Full = true, found, true }),
		"found one":        search(func(p *citizenPage) { p.Searched, p.Found = true, found[:1] }),
		"found nobody":     search(func(p *citizenPage) { p.Searched = true }),
		"search, service":  search(func(p *citizenPage) { p.Serves = []string{"Déclarer ses revenus"} }),
		"found, service": search(func(p *citizenPage) {
			p.Searched, p.Found = true, []foundCitizen{{Name: "Camille FICTIF", Birthdate: "1950", Why: "idp.citizen.below_direct"}, {Name: "Dominique FICTIF", Birthdate: "1951", Why: "idp.citizen.not_served"}}
		}),
		"procedures, service": procedures(func(p *procedurePage) {
			p.Login.Direct, p.Data, p.Organisation = true, dataOf(oidc.Claims()), "Maison France Services"
		}),
		"procedures, service without data": procedures(func(p *procedurePage) { p.Login.Direct = true }),
		"help": func() (string, page.Page) {
			return "idp/help.html", &helpPage{Common: page.Common{Title: "idp.help.title"}, Contact: Contact{Phone: "01 99 00 00 00", Email: "mandats@exemple.invalid"}}
		},
		"procedures":  procedures(func(*procedurePage) {}),
		"limited":     procedures(func(p *procedurePage) { p.Limited = true }),
		"none chosen": procedures(func(p *procedurePage) { p.Form = wrong("demarche", "idp.procedure.missing") }),
		"ended since": procedures(func(p *procedurePage) { p.Form, p.Themes = wrong("demarche", "idp.procedure.no_power"), nil }),
		"not an aidant": func() (string, page.Page) {
			return "idp/refused.html", &refusedPage{Common: page.Common{Title: "idp.not_aidant.title"}, Client: "FranceConnect", Back: "https://fc.exemple.test/oidc-callback?error=access_denied"}
		},
		"ended": func() (string, page.Page) { return "idp/ended.html", &endedPage{page.Common{Title: "idp.ended.title"}} },
	}
}

func TestPages_AreSoundInBothLanguages(t *testing.T) {
	t.Parallel()
	p := pagetest.Pages(t)
	var rendered []string
	for variant, make := range everyPage() {
		for _, lang := range pagetest.Languages {
			name, data := make()
			rendered = append(rendered, name)
			body := pagetest.Render(t, p, name, lang, page.Who{Name: "Maëlle Le Goff", Organisation: "Maison France Services", Role: "aidant"}, data)
			if strings.HasSuffix(name, "citizen.html") || strings.HasSuffix(name, "procedure.html") {
				if !strings.Contains(body, "/idp/logins/"+someLogin.ID.String()+"/annuler") {
					t.Errorf("%s has no way out", variant)
				}
				for _, help := range []string{"/idp/aide#assistance", "/idp/aide#compte", "/idp/aide#perdu", "fr-login__from", "FranceConnect", "fr-login__mark"} {
					if !strings.Contains(body, help) {
						t.Errorf("%s lacks %s", variant, help)
					}
				}
			}
		}
	}
	pagetest.Covered(t, p, "idp", rendered)
}

// Every page that says what went wrong exists in both languages.
func TestProblems_HaveTheirTexts(t *testing.T) {
	t.Parallel()
	p := pagetest.Pages(t)
	problems := []*page.Problem{untrusted(), logoutProblem(), over()}
	for _, name := range []string{"gone", "expired", "finished", "no_citizen", "session_over", "many"} {
		problems = append(problems, problem(409, name))
	}
	for _, problem := range problems {
		for _, lang := range pagetest.Languages {
			for _, key := range slices.DeleteFunc([]string{problem.Title, problem.What, problem.Safe, problem.Next}, func(k string) bool { return k == "" }) {
				if _, err := p.Text(lang, key); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
