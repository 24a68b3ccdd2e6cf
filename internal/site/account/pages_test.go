package account

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/session"
)

var (
	maelle = page.Who{Name: "Maëlle Le Goff", Organisation: "Maison France Services", Role: "aidant"}
	day    = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	id     = uuid.MustParse("0193f4c2-0000-7000-8000-000000000001")
)

func titled(key string) page.Common { return page.Common{Title: key} }

func failed(key string, fields ...string) page.Common {
	c := titled(key)
	c.Form = page.FilledForm(url.Values{"name": {"Clé"}})
	for _, f := range fields {
		c.Form.Fail(f, "account.code.missing")
	}
	return c
}

func everything() *factorsPage {
	return &factorsPage{Common: titled("account.factors.title"), Count: 1, Done: "account.done.passkey", Reset: &credential.Reset{ID: id, AskedAt: day, EffectiveAt: day},
		Factors: credential.Factors{RecoveryLeft: 3, App: &credential.Totp{ID: id, CreatedAt: day}, Cards: []credential.Totp{{ID: id, Serial: "GADT0001", CreatedAt: day, UsedAt: &day}},
			Passkeys: []credential.Passkey{{ID: id, Name: "Bureau", CreatedAt: day, UsedAt: &day, Synced: true}, {ID: id, Name: "Copie", CreatedAt: day, Cloned: true}}}}
}

type sample struct {
	name string
	data func() page.Page
	says []string
}

var aboutPeople = []sample{
	{"account/profile.html", func() page.Page {
		return &profilePage{Common: titled("account.title"), Person: org.Person{GivenName: "Maëlle", UsualName: "Le Goff", Email: "m@exemple.invalid", Phone: "+33639980000", Lang: "fr"},
			Organisations: []place{{Name: "Ici", Href: "/espace", Roles: []string{"account.role.aidant", "account.role.referent"}}, {Name: "Là", Roles: []string{"account.role.aidant"}, Suspended: true}},
			Certification: "account.certification.state.certified", Kind: "success", Until: day, Certificate: true, Done: "account.done.profile"}
	}, []string{"m@exemple.invalid", `href="/compte/certificat.pdf"`, `href="/espace"`, "role=\"status\""}},
	{"account/profile.html", func() page.Page {
		return &profilePage{Common: titled("account.title"), Person: org.Person{EmailVerified: true, Lang: "en"}, Organisations: []place{{Name: "Ici", Href: "/espace"}},
			Certification: "account.certification.state.expired", Until: day, Expired: true}
	}, []string{`href="/compte/telephone"`}},
	{"account/profile.html", func() page.Page {
		return &profilePage{Common: titled("account.title"), Office: "account.role.auditor"}
	}, []string{`href="/compte/courriel"`}},
	{"account/edit.html", func() page.Page {
		return &editPage{failed("account.profile.edit", "lang"), true}
	}, []string{`action="/compte/profil"`, `name="adviser"`}},
	{"account/contact.html", func() page.Page {
		return &contactPage{failed("account.contact.email.title", "value"), contacts[0], contacts[0].words()}
	}, []string{`action="/compte/courriel"`, `type="email"`}},
	{"account/contact.html", func() page.Page {
		return &contactPage{titled("account.contact.phone.title"), contacts[1], contacts[1].words()}
	}, []string{`action="/compte/telephone"`, `type="tel"`}},
	{"account/contactcode.html", func() page.Page {
		return &codePage{failed("account.contact.code.phone", "code"), contacts[1], "+33639980000"}
	}, []string{`action="/compte/telephone/code"`, "33639980000"}},
	{"account/sessions.html", func() page.Page {
		return &sessionsPage{Common: titled("account.sessions.title"), Others: true, Done: "account.done.ended", Lines: []session.Listed{
			{ID: "0a", Device: "Firefox, Windows", Network: netip.MustParsePrefix("192.0.2.0/24"), Method: session.ByProConnect, Since: day, LastUsed: day, Current: true},
			{ID: "0b", Method: session.ByMailLink, Since: day, LastUsed: day}}}
	}, []string{"192.0.2.0/24", `action="/compte/sessions/0b/fermer"`, `action="/compte/sessions/autres"`}},
	{"account/sessions.html", func() page.Page { return &sessionsPage{Common: titled("account.sessions.title")} }, nil},
}

var aboutFactors = []sample{
	{"account/factors.html", func() page.Page { return everything() }, []string{"Bureau", "GADT0001", `action="/compte/facteurs/remise/annuler"`, `href="/compte/facteurs/` + id.String() + `"`}},
	{"account/factors.html", func() page.Page { return &factorsPage{Common: titled("account.factors.title")} }, []string{`href="/compte/facteurs/cle"`}},
	{"account/passkey.html", func() page.Page { return &passkeyPage{titled("account.passkey.title"), "Firefox"} }, []string{`data-passkey="create"`, `value="Firefox"`}},
	{"account/passkey.html", func() page.Page {
		kept := titled("account.passkey.title")
		kept.Form = page.KeptForm(url.Values{"name": {"Clé"}})
		return &passkeyPage{kept, "Clé"}
	}, []string{`value="Clé"`, "fr-alert--info"}},
	{"account/first.html", func() page.Page { return &firstPage{titled("account.first.title"), "Firefox"} }, []string{`data-begin="/compte/facteurs/cle/debut"`, `href="/compte/facteurs/carte"`}},
	{"account/app.html", func() page.Page {
		return &appPage{failed("account.app.title", "code"), credential.App{Key: "ABCD EFGH", Side: 41, Path: "M4 4h1v1h-1z"}, day, FactorsPath}
	}, []string{"ABCD EFGH", `viewBox="0 0 41 41"`}},
	{"account/card.html", func() page.Page {
		return &cardPage{failed("account.card.title", "serial", "code"), day, FactorsPath}
	}, []string{`name="second"`}},
	{"account/resync.html", func() page.Page {
		return &cardPage{failed("account.resync.title", "first"), time.Time{}, FactorsPath}
	}, []string{`action="/compte/facteurs/carte/heure"`}},
	{"account/key.html", func() page.Page {
		return &keyPage{Common: failed("account.key.title", "name"), ID: id, Name: "Clé", Last: true}
	}, []string{`action="/compte/facteurs/` + id.String() + `/retirer"`, `name="name"`}},
	{"account/key.html", func() page.Page {
		return &keyPage{Common: titled("account.key.title"), ID: id, Serial: "GADT0001"}
	}, []string{"GADT0001"}},
	{"account/recovery.html", func() page.Page {
		return &recoveryPage{titled("account.recovery.title"), []string{"AAAA-BBBB"}, "Maëlle", day}
	}, []string{"AAAA-BBBB"}},
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	var names []string
	for _, p := range append(aboutPeople, aboutFactors...) {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			body := pagetest.Render(t, pages, p.name, lang, maelle, p.data())
			for _, want := range p.says {
				if !strings.Contains(body, want) {
					t.Errorf("%s in %s does not say %s", p.name, lang, want)
				}
			}
		}
	}
	pagetest.Covered(t, pages, "account", names)
}

// The network of a session in words, beside the one from which the person looks.
func TestSessions_WhereInWords(t *testing.T) {
	t.Parallel()
	here, there := netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24")
	p := &sessionsPage{Lines: []session.Listed{{Network: there}, {Network: here, Current: true}}}
	for want, l := range map[string]session.Listed{"here": {Network: here}, "other": {Network: there}, "unknown": {}} {
		if got := p.Where(l); got != "account.sessions.network_"+want {
			t.Errorf("%v: %s, want %s", l.Network, got, want)
		}
	}
}
