package login

import (
	"strings"
	"testing"

	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	contact := Contact{Phone: "+33 1 99 00 00 00", Email: "mandats@exemple.invalid"}
	maelle := page.Who{Name: "Maëlle Le Goff", Organisation: "Maison France Services", Role: "aidant"}
	var names []string
	for name, p := range map[string]struct {
		who  page.Who
		data func() page.Page
		says []string
	}{
		"login/signin.html": {data: func() page.Page {
			return &signInPage{Common: page.Common{Title: "login.title"}, Continue: true, Contact: contact}
		}, says: []string{`href="tel:&#43;33199000000"`, "mandats@exemple.invalid", `action="/connexion/proconnect"`}},
		"login/confirm.html": {who: maelle, data: func() page.Page {
			return &confirmPage{Common: page.Common{Title: "login.confirm.title"}, Contact: contact}
		}, says: []string{`href="tel:&#43;33199000000"`, `action="/connexion/confirmation"`, `action="/deconnexion"`}},
		"login/out.html": {data: func() page.Page {
			return &outPage{page.Common{Title: "login.out.title"}}
		}, says: []string{`href="/connexion"`, `href="/"`}},
	} {
		names = append(names, name)
		for _, lang := range pagetest.Languages {
			body := pagetest.Render(t, pages, name, lang, p.who, p.data())
			for _, want := range p.says {
				if !strings.Contains(body, want) {
					t.Errorf("%s in %s does not say %s", name, lang, want)
				}
			}
		}
	}
	pagetest.Covered(t, pages, "login", names)
}
