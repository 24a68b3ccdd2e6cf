package e2e

import (
	"path"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// newcomer is somebody who is invited, at a window of their own.
type newcomer struct {
	*person
	given, usual, email string
	referent            string // who invites them, at ProConnect
	key                 key
	codes               []string // for recovery
}

// TestPeople: a referent invites somebody whom ProConnect does not cover. They come in with the link of the mail, add a passkey,
// accept the charter, are told that they are not certified, are certified, and sign a mandate with their passkey. Then they lose it.
func TestPeople(t *testing.T) {
	t.Parallel()
	for lang, n := range map[string]newcomer{
		"fr": {given: "Léonie", usual: "Fabre", email: "leonie.fabre@tilleuls.exemple.invalid", referent: "demo-odile"},
		"en": {given: "Tom", usual: "Okafor", email: "tom.okafor@villeneuve.exemple.invalid", referent: "demo-claire"},
	} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			n.person = arrive(t, habits{lang: lang, album: "people"})
			for _, chapter := range []func(){n.invited, n.comesIn, n.keepsCodes, n.meetsTheCharter, n.certified, n.signs, n.addsAnother, n.comesBackWithIt} {
				chapter()
			}
		})
	}
}

// invited has the referent fill in the form, wrongly at first.
func (n *newcomer) invited() {
	r := arrive(n.t, habits{lang: n.lang, album: "invite"})
	r.signInAs(n.referent)
	r.page("referent.home.title")
	r.look("team-home")
	r.about("invite")
	r.press(`main a[href$="/referent/invitations/nouvelle"]`)
	r.page("referent.invite.title")
	r.look("form")
	r.press("main form .fr-btn--lg")
	r.refusal(422, "referent.invite.title")
	r.look("form-with-mistakes")
	r.write("#field-given_name", n.given)
	r.write("#field-usual_name", n.usual)
	r.write("#field-email", n.email)
	if !r.has("#field-roles:checked") {
		r.tick("#field-roles")
	}
	r.write("#field-phone", "06 12 34 56 78")
	r.choice("#field-lang", n.lang)
	r.press("main form .fr-btn--lg")
	r.page("referent.team.title")
	r.saysWords(n.email)
	r.look("invited")
}

// comesIn opens the link of the mail, and adds a passkey before anything else.
func (n *newcomer) comesIn() {
	n.about("open the invitation")
	link := n.mail(n.email, "/invitation/")
	n.open(link)
	n.page("login.invitation.title")
	n.look("invitation")
	n.about("come in without ProConnect")
	n.press("button[value=own]")
	n.page("account.first.title")
	n.look("first-factor")
	n.reaches()
	n.about("try to go on without a second factor")
	n.open("/espace")
	n.on("/compte/facteurs/premier")
	n.about("add a passkey")
	n.key = n.plug()
	n.addPasskey("Téléphone")
	n.look("factors")
	n.about("use the invitation again")
	again := arrive(n.t, habits{lang: n.lang, album: "people-again"})
	again.about(n.step)
	again.open(link)
	again.refusal(410, "login.problem.invitation_over.title")
	again.look("invitation-over")
}

// keepsCodes makes recovery codes.
func (n *newcomer) keepsCodes() {
	n.about("make recovery codes")
	n.open("/compte/facteurs")
	n.press(`form[action="/compte/facteurs/secours"] button`)
	n.page("account.recovery.title")
	n.look("recovery-codes")
	n.codes = ask[[]string](n.person, `[...document.querySelectorAll('.fr-codes code')].map(e => e.innerText)`)
	if len(n.codes) != 10 {
		n.fatalf("%d codes", len(n.codes))
	}
}

// meetsTheCharter is held back until they have accepted it, and then sees what they may not do yet.
func (n *newcomer) meetsTheCharter() {
	n.about("the charter comes first")
	n.open("/espace")
	n.on("/charte")
	n.look("charter")
	n.reaches()
	n.press(`form[action="/charte"] button`)
	n.refusal(422, "login.charter.title")
	n.look("charter-not-ticked")
	n.tick("#field-accepted")
	n.press(`form[action="/charte"] button`)
	n.on("/espace")
	n.about("not certified yet")
	n.look("not-certified")
	n.says("aidant.may_not.not_certified")
	n.open("/mandats/nouveau")
	if _, status := n.where(); status != 403 {
		n.fatalf("%d", status)
	}
	n.look("may-not-begin")
}

// certified is what an administrator does with the results of training and test.
func (n *newcomer) certified() {
	a := arrive(n.t, habits{lang: n.lang, album: "certify"})
	a.signInAs("demo-adele")
	a.page("admin.home.title")
	a.look("home")
	a.about("find the person")
	a.press(`main a[href="/admin/personnes"]`)
	a.page("admin.persons.title")
	a.look("persons")
	a.write("#field-email", n.email)
	a.press("main form[role=search] button")
	if got := a.read("h1"); got != n.given+" "+n.usual {
		a.fatalf("the page of %q", got)
	}
	a.look("person")
	a.about("too early")
	a.press(`form[action$="/certification"] button`)
	a.look("not-now")
	a.about("training")
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	a.unfold(`details:has(form[action$="/formation"])`)
	a.press(`form[action$="/formation"] button`)
	a.look("training-with-mistakes")
	a.date("#field-trained_on", day(-9))
	a.write("#field-organiser", "Organisme de démonstration")
	a.choice("#field-training", "classic")
	a.press(`form[action$="/formation"] button`)
	a.about("test")
	a.unfold(`details:has(form[action$="/test"])`)
	a.date("#field-tested_on", day(-8))
	a.write("#field-score", "930")
	a.press(`form[action$="/test"] button`)
	a.look("tested")
	a.about("certify")
	a.press(`form[action$="/certification"] button`)
	a.look("certified")
}

// unfold opens what is folded, if it is.
func (p *person) unfold(details string) {
	p.t.Helper()
	if !p.has(details + "[open]") {
		p.click(details + " > summary")
	}
}

// date fills in a field for dates, which browsers let people type in as many ways as there are countries.
func (p *person) date(selector, value string) {
	p.t.Helper()
	p.choice(selector, value)
}

// signs draws up a mandate; the factor is a quarter of an hour old when it comes to signing, and the passkey is a new one.
func (n *newcomer) signs() {
	s := &storyteller{person: n.person, tale: tale{looks: false}}
	n.about("draw up a mandate")
	n.open("/espace")
	n.press(`main a[href="/mandats/nouveau"]`)
	n.tick("#field-informed")
	n.unfold("details:has(#procedure-" + tax + ")")
	n.tick("#procedure-" + tax)
	n.tick(`input[name=days][value="31"]`)
	n.tick("#field-no_protection")
	n.press("main form .fr-btn--lg")
	s.identifyAs("naissance_Belgique")
	n.page("aidant.recap.title")
	n.about("sign after a quarter of an hour")
	n.agree()
	n.stale("mandate_draft d on d.identified_session = s.id and d.id = $1", path.Base(path.Dir(n.path())))
	n.press(`form[action$="/signature"] button[type=submit]`)
	n.page("login.confirm.title")
	n.look("confirm-with-a-passkey")
	n.touch()
	n.page("aidant.recap.title")
	n.says("page.form.kept")
	if !n.has("#field-agreed:checked") || !n.has("input[name=understood]:checked") {
		n.fatalf("the tick is lost")
	}
	n.look("recap-kept")
	n.press(`form[action$="/signature"] button[type=submit]`)
	n.says("ends.confirmed")
}

// stale makes the second factor of a session sixteen minutes old.
func (p *person) stale(join string, args ...any) {
	p.t.Helper()
	p.behind(`update session set factor_at = factor_at - interval '16 minutes' where id = (select s.id from session s join `+join+`)`, args...)
}

// addsAnother adds a second passkey, on another device, and gives it a better name.
func (n *newcomer) addsAnother() {
	n.about("a second passkey")
	n.open("/compte/facteurs")
	n.press(`main a[href="/compte/facteurs/cle"]`)
	n.page("account.passkey.title")
	n.look("add-a-passkey")
	n.about("name it after a quarter of an hour")
	n.write("#passkey-name", "Clé d’avant")
	n.stale("person p on p.id = s.person_id and p.email = $1", n.email)
	n.touch()
	n.on("/connexion/confirmation")
	n.touch()
	n.on("/compte/facteurs/cle")
	n.says("page.form.kept")
	if got := ask[string](n.person, `document.querySelector("#passkey-name").value`); got != "Clé d’avant" {
		n.fatalf("the name is %q", got)
	}
	n.look("add-a-passkey-kept")
	n.key.unplug()
	n.key = n.plug()
	n.addPasskey("Clé")
	n.about("name it")
	n.press(`.fr-list__item:nth-child(2) a`)
	n.page("account.key.title")
	n.write("#field-name", "Clé du bureau")
	n.press(`main form:not([action$="/retirer"]) button`)
	n.on("/compte/facteurs")
	n.saysWords("Clé du bureau")
	n.saysWords("Téléphone")
	n.look("two-passkeys")
}

// comesBackWithIt signs in with the second passkey and nothing else, in a browser that knows nobody.
func (n *newcomer) comesBackWithIt() {
	n.about("sign in with the passkey alone")
	n.do(call(network.ClearBrowserCookies, cdp.Empty{}))
	n.open("/connexion")
	n.look("sign-in")
	n.reaches()
	n.touch()
	n.on("/espace")
	n.about("sessions")
	n.open("/compte/sessions")
	n.page("account.sessions.title")
	n.look("sessions")
	n.about("profile")
	n.open("/compte")
	n.page("account.title")
	n.look("profile")
}
