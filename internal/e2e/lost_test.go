package e2e

import (
	"testing"

	"mandat/internal/org"
)

// TestLost: somebody whose telephone is gone comes in with a link by mail and a recovery code, adds a new factor, and takes the old
// one away. A link that is opened in another browser opens nothing.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: lang, album: "lost"})
			sub, email := p.enlist("perd-"+lang, org.RoleAidant)
			codes := p.enrols(sub)
			q := arrive(t, habits{lang: lang, album: "lost-then"})
			q.comesWithLink(email)
			q.recovers(codes[3])
		})
	}
}

// enrols adds an application and makes recovery codes.
func (p *person) enrols(professional string) []string {
	p.signInAs(professional)
	p.about("add an application")
	p.open("/compte/facteurs")
	p.page("account.factors.title")
	p.look("no-factor")
	p.press(`main a[href="/compte/facteurs/application"]`)
	p.page("account.app.title")
	p.look("application")
	p.reaches()
	p.write("#field-code", "000000")
	p.press("main form button")
	p.refusal(422, "account.app.title")
	p.look("application-wrong")
	p.write("#field-code", p.code(p.read("#key")))
	p.press("main form button")
	p.on("/compte/facteurs")
	p.says("account.done.app")
	p.about("make recovery codes")
	p.press(`form[action="/compte/facteurs/secours"] button`)
	p.page("account.recovery.title")
	return ask[[]string](p, `[...document.querySelectorAll('.fr-codes code')].map(e => e.innerText)`)
}

// comesWithLink asks for a link and opens it, also where it was not asked for.
func (p *person) comesWithLink(email string) {
	p.about("ask for a link")
	p.open("/connexion")
	p.press(`form[action="/connexion/lien"] button`)
	p.refusal(422, "login.title")
	p.look("no-address")
	p.write("#field-email", email)
	p.press(`form[action="/connexion/lien"] button`)
	p.page("login.link.sent.title")
	p.look("link-sent")
	link := p.mail(email, "/connexion/lien/")
	p.about("open the link somewhere else")
	other := arrive(p.t, habits{lang: p.lang, album: p.album + "-elsewhere"})
	other.about(p.step)
	other.open(link)
	other.page("login.link.elsewhere.title")
	other.look("elsewhere")
	p.about("open the link")
	p.open(link)
	p.page("login.link.open.title")
	p.look("link")
	p.press("main form button")
	p.page("login.factor.title")
	p.look("factor")
	p.reaches()
	p.about("the link is used up")
	other.open(link)
	other.refusal(410, "login.problem.link_late.title")
	other.look("link-over")
}

// recovers gives a recovery code, and puts a passkey in the place of the application.
func (p *person) recovers(code string) {
	p.about("a wrong code")
	p.write("#field-code", "000000")
	p.press(`form[action="/connexion/facteur"] button`)
	p.refusal(422, "login.factor.title")
	p.look("factor-wrong")
	p.about("a recovery code")
	p.write("#field-code", code)
	p.press(`form[action="/connexion/facteur"] button`)
	p.about("a new factor")
	p.plug()
	p.open("/compte/facteurs/cle")
	p.addPasskey("Nouveau téléphone")
	p.about("take the old one away")
	p.press("ul.fr-list:nth-of-type(2) a")
	p.page("account.key.title")
	p.look("key")
	p.press(`form[action$="/retirer"] button`)
	p.on("/compte/facteurs")
	p.says("account.done.removed")
	p.says("account.factors.generators_none")
	p.look("old-one-gone")
}
