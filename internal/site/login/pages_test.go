package login

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/charter"
	"mandat/internal/credential"
	"mandat/internal/idp"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

// sample is a page as somebody sees it, and what it says.
type sample struct {
	name string
	who  page.Who
	data func() page.Page
	says []string
}

var (
	contact = Contact{Phone: "+33 1 99 00 00 00", Email: "mandats@exemple.invalid"}
	maelle  = page.Who{Name: "Maëlle Le Goff", Organisation: "Maison France Services", Role: "aidant"}
	later   = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
)

func titled(key string) page.Common { return page.Common{Title: key, Scripts: passkeys} }

func failed(key, field, text string) page.Common {
	c := titled(key)
	c.Form = page.FilledForm(nil)
	c.Form.Fail(field, text)
	return c
}

// everything is one factor of each kind.
var everything = credential.Factors{Passkeys: []credential.Passkey{{Name: "Clé"}}, App: &credential.Totp{}, Cards: []credential.Totp{{Serial: "GADT0001"}}, RecoveryLeft: 3}

var waysIn = []sample{
	{name: "login/signin.html", data: func() page.Page {
		return &signInPage{Common: titled("login.title"), Continue: true, Service: true, From: "Aides au logement", Contact: contact}
	}, says: []string{"Aides au logement", `href="tel:&#43;33199000000"`, "mandats@exemple.invalid", `action="/connexion/proconnect"`, `action="/connexion/lien"`, `data-begin="/connexion/cle"`, `src="/static/js/passkey.`}},
	{name: "login/signin.html", data: func() page.Page {
		return &signInPage{Common: failed("login.title", "email", "login.way.link.malformed"), Contact: contact}
	}, says: []string{`aria-describedby="error-email"`, `href="#field-email"`}},
	{name: "login/linksent.html", data: func() page.Page { return &linkSentPage{titled("login.link.sent.title"), contact} }, says: []string{`href="/connexion"`}},
	{name: "login/link.html", data: func() page.Page { return &linkPage{Common: titled("login.link.open.title")} }, says: []string{`<form method="post">`}},
	{name: "login/factor.html", data: func() page.Page {
		return &factorPage{Common: titled("login.factor.title"), Ways: waysOf(everything), Contact: contact}
	}, says: []string{`name="code"`, `name="second"`, `autocomplete="one-time-code"`, `data-finish="/connexion/cle/reponse"`}},
	{name: "login/factor.html", data: func() page.Page {
		return &factorPage{Common: failed("login.factor.title", "first", "login.factor.code.wrong"), Ways: ways{Cards: true, Codes: "card"}, Wait: later, Contact: contact}
	}, says: []string{`<details class="fr-accordion" open>`, "10"}},
	{name: "login/factor.html", data: func() page.Page {
		return &factorPage{Common: titled("login.factor.title"), Contact: contact}
	}, says: []string{`action="/connexion/proconnect"`}},
	{name: "login/out.html", data: func() page.Page { return &outPage{titled("login.out.title")} }, says: []string{`href="/connexion"`, `href="/"`}},
	{name: "login/reset.html", data: func() page.Page { return &resetPage{Common: titled("login.reset.title"), Contact: contact} }, says: []string{`<form method="post">`}},
}

var gates = []sample{
	{name: "login/confirm.html", who: maelle, data: func() page.Page {
		return &confirmPage{Common: titled("login.confirm.title"), Contact: contact}
	}, says: []string{`href="tel:&#43;33199000000"`, `action="/connexion/confirmation"`, `action="/deconnexion"`, "ProConnect"}},
	{name: "login/confirm.html", who: maelle, data: func() page.Page {
		return &confirmPage{Common: failed("login.confirm.title", "code", "login.factor.code.wrong"), Own: true, Ways: waysOf(everything), For: &idp.Asking{Login: uuid.UUID{1}, Citizen: uuid.UUID{2}, Name: "Angela Dubois", Choice: "impots"}, Contact: contact}
	}, says: []string{`action="/connexion/confirmation"`, "Angela Dubois", `id="error-code"`, `name="usager" value="02000000-`, `name="choix" value="impots"`, `data-begin="/connexion/cle?choix=impots&amp;connexion=01000000-`}},
	{name: "login/charter.html", who: maelle, data: func() page.Page { return charterOf(true, false) }, says: []string{`name="accepted"`, `name="sha256" value="0a"`, "<li>a</li>"}},
	{name: "login/charter.html", who: maelle, data: func() page.Page { return charterOf(false, true) }, says: []string{`href="/espace"`}},
}

func charterOf(asked, accepted bool) *charterPage {
	return &charterPage{Common: titled("login.charter.title"), Version: charter.Version, SHA256: "0a", Asked: asked, Accepted: accepted, Before: true, Back: "/espace",
		Blocks: []charter.Block{{Kind: charter.Heading, Text: "H"}, {Kind: charter.Paragraph, Text: "P"}, {Kind: charter.List, Items: []string{"a"}}}}
}

// What must not stand on a page: with several ways, the one that does not hold.
var unsaid = map[string]func(page.Page) string{
	"login/link.html":    func(p page.Page) string { return when(p.(*linkPage).Elsewhere, "<form method=\"post\">") },
	"login/charter.html": func(p page.Page) string { return when(!p.(*charterPage).Asked, `action="/charte"`) },
	"login/confirm.html": func(p page.Page) string { return when(p.(*confirmPage).Own, `class="fr-connect`) },
}

func when(yes bool, text string) string {
	if yes {
		return text
	}
	return "\x00"
}

// Whoever has shown who they are is offered what they have, and told of nothing else.
func TestWays_OfferWhatThePersonHas(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	key, app, card := []credential.Passkey{{}}, &credential.Totp{}, []credential.Totp{{Serial: "GADT0001"}}
	parts := map[string]string{"passkey": `data-passkey="get"`, "code": `id="field-code"`, "resync": `name="second"`, "application": "votre application", "card": "votre carte",
		"recovery": "de vos codes de secours", "otherwise": "dans un autre navigateur", "at once": "fonctionne tout de suite", "at hand": "sous la main", "lost": "remise à zéro", "proconnect": `class="fr-connect`}
	for name, c := range map[string]struct {
		has  credential.Factors
		says []string
	}{
		"a passkey":                {credential.Factors{Passkeys: key}, []string{"passkey", "otherwise", "at once", "at hand", "lost"}},
		"a passkey and codes":      {credential.Factors{Passkeys: key, RecoveryLeft: 1}, []string{"passkey", "code", "recovery", "at once", "at hand", "lost"}},
		"an application":           {credential.Factors{App: app}, []string{"code", "application", "at hand", "lost"}},
		"a card":                   {credential.Factors{Cards: card}, []string{"code", "card", "resync", "at hand", "lost"}},
		"a card and codes":         {credential.Factors{Cards: card, RecoveryLeft: 1}, []string{"code", "card", "recovery", "resync", "at hand", "lost"}},
		"an application, a card":   {credential.Factors{App: app, Cards: card}, []string{"code", "application", "card", "resync", "at hand", "lost"}},
		"a passkey that is cloned": {credential.Factors{Passkeys: []credential.Passkey{{Cloned: true}}, RecoveryLeft: 1}, []string{"code", "recovery", "at hand", "lost"}},
		"everything":               {everything, []string{"passkey", "code", "application", "card", "recovery", "resync", "at once", "at hand", "lost"}},
		"nothing":                  {credential.Factors{}, []string{"proconnect", "lost"}},
	} {
		for _, template := range []string{"login/factor.html", "login/confirm.html"} {
			var data page.Page = &factorPage{Common: titled("login.factor.title"), Ways: waysOf(c.has), Wait: later, Contact: contact}
			if template == "login/confirm.html" {
				if !c.has.Any() {
					continue
				}
				data = &confirmPage{Common: titled("login.confirm.title"), Own: true, Ways: waysOf(c.has), Wait: later, Contact: contact}
			}
			body := pagetest.Render(t, pages, template, "fr", maelle, data)
			for part, text := range parts {
				if got := strings.Contains(body, text); got != slices.Contains(c.says, part) {
					t.Errorf("%s: %s: %s is %v", template, name, part, got)
				}
			}
		}
	}
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	elsewhere := sample{name: "login/link.html", data: func() page.Page { return &linkPage{titled("login.link.elsewhere.title"), true} }, says: []string{`href="/connexion"`}}
	signedIn := sample{name: "login/reset.html", who: maelle, data: func() page.Page {
		return &resetPage{Common: titled("login.reset.title"), Other: true, Contact: contact}
	}, says: []string{`action="/deconnexion"`}}
	var names []string
	for _, p := range append(append(waysIn, gates...), elsewhere, signedIn) {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			data := p.data()
			body := pagetest.Render(t, pages, p.name, lang, p.who, data)
			for _, want := range p.says {
				if !strings.Contains(body, want) {
					t.Errorf("%s in %s does not say %s", p.name, lang, want)
				}
			}
			if not := unsaid[p.name]; not != nil && strings.Contains(body, not(data)) {
				t.Errorf("%s in %s says %s", p.name, lang, not(data))
			}
		}
	}
	names = append(names, "login/invitation.html")
	pagetest.Covered(t, pages, "login", names)
}
