package e2e

import (
	"strings"
	"testing"

	"mandat/internal/demo"
)

const (
	tax     = "argent-impots-declaration"
	housing = "logement-aide-caf"
)

// tale is who lives a story, and how.
type tale struct {
	habits
	aidant, auditor string // who signs in at ProConnect
	citizen, other  string // who identifies at FranceConnect: the right person, and another one before
	search          string // what the aidant types to find the citizen
	looks           bool   // take pictures, and hold every page against the rules
}

// TestStory: from the sign-in to the audit, as three aidants live it, one of them without scripts.
func TestStory(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]tale{
		"French":  {habits: habits{lang: "fr", album: "story"}, aidant: "demo-jeanne", auditor: "demo-sofia", citizen: "test", other: "étranger_présumé_né_jour", search: "dubois", looks: true},
		"English": {habits: habits{lang: "en", album: "story"}, aidant: "demo-paul", auditor: "demo-sofia", citizen: "naissance_Portugal", other: "nom_50+_caractères", search: "teix", looks: true},
		"without": {habits: habits{lang: "fr", noScripts: true}, aidant: "demo-karim", auditor: "demo-sofia", citizen: "insee_ancien", other: "nom_composé", search: "collet"},
	} {
		if !spoken(of.lang) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, of)
		})
	}
}

// storyteller is the aidant of a tale, at their window.
type storyteller struct {
	*person
	tale
	mandate string // path of the mandate's page
	status  string // address of the public page about it
}

func live(t *testing.T, of tale) {
	s := &storyteller{person: arrive(t, of.habits), tale: of}
	for _, chapter := range []func(){s.signIn, s.terms, s.identify, s.sign, s.handOver, s.use, s.end, s.useNoMore, s.audit, s.signOut} {
		chapter()
	}
}

// about names the step that follows.
func (p *person) about(step string) { p.step = step }

func (s *storyteller) look(name string) {
	s.t.Helper()
	if s.looks {
		s.person.look(name)
	}
}

// chooseMandat is the button of Mandat among FranceConnect's accounts.
const chooseMandat = "button[name=idp][value=mandat]"

// toFranceConnect begins a login at a public service.
func (p *person) toFranceConnect(service string) {
	p.t.Helper()
	p.open(p.Twin.Service + "/" + service)
	p.press("#login-" + service)
}

// giveUp cancels a login while Mandat asks, all the way back to the service.
func (p *person) giveUp(service string) {
	p.t.Helper()
	p.press(`form[action$="/annuler"] button`)
	p.press("button[name=return]")
	p.on("/" + service)
}

// glance takes a picture of a stand-in's page.
func (s *storyteller) glance(name string) {
	s.t.Helper()
	if s.looks && s.lang == "fr" {
		s.shown++
		s.photograph(name)
	}
}

func (s *storyteller) signIn() {
	s.about("sign in")
	s.open("/")
	s.page("public.home.title")
	s.look("home")
	s.press(`main a[href="/connexion"]`)
	s.page("login.title")
	s.look("sign-in")
	s.press(".fr-connect--pro")
	s.glance("at-proconnect")
	s.press("button" + quoted("value", s.aidant))
	s.on("/espace")
	s.look("space-at-first")
}

func (p *person) on(path string) {
	p.t.Helper()
	if got := p.path(); got != path {
		p.fatalf("on %s, not %s", got, path)
	}
}

func (s *storyteller) terms() {
	s.about("enter the terms")
	s.press(`main a[href="/mandats/nouveau"]`)
	s.page("aidant.terms.title")
	s.look("terms")
	s.press("main form .fr-btn--lg")
	s.refusal(422, "aidant.terms.title")
	s.says("aidant.terms.wrong.procedures.none")
	s.look("terms-with-mistakes")
	s.tick("#field-informed")
	for _, procedure := range []string{tax, housing} {
		s.click("details:has(#procedure-" + procedure + ") > summary")
		s.tick("#procedure-" + procedure)
	}
	s.tick(`input[name=days][value="31"]`)
	s.tick("#field-no_protection")
	s.press("main form .fr-btn--lg")
	s.page("aidant.identity.title")
	s.look("identity")
}

const toFranceConnect = `form[action$="/identite"] .fr-connect`

// identifyAs goes to FranceConnect and comes back as a test identity, whatever comes of it.
func (s *storyteller) identifyAs(citizen string) {
	s.t.Helper()
	s.press(toFranceConnect)
	s.press("button" + quoted("value", citizen))
	for _, button := range []string{"button[name=continue]", "button[name=return]"} {
		if s.has(button) {
			s.press(button)
			return
		}
	}
}

func (s *storyteller) identify() {
	s.about("come back from FranceConnect without identifying")
	s.press(toFranceConnect)
	s.glance("at-franceconnect")
	s.press("button[name=cancel]")
	s.page("aidant.identity.title")
	s.says("login.identity.cancelled.title")
	s.look("identity-cancelled")
	s.about("a minor")
	s.identifyAs("moins_18_ans")
	s.page("aidant.identity.title")
	s.says("login.identity.minor.title")
	s.look("identity-minor")
	s.about("a person FranceConnect does not find")
	s.identifyAs("test_inconnu")
	s.page("aidant.identity.title")
	s.look("identity-refused")
	s.about("the wrong person")
	s.identifyAs(s.other)
	s.page("aidant.recap.title")
	s.look("recap-wrong-person")
	s.press(`form[action$="/autre-personne"] button`)
	s.page("aidant.identity.title")
	s.look("identity-dropped")
	s.about("the right person")
	s.identifyAs(s.citizen)
	s.page("aidant.recap.title")
}

func (s *storyteller) sign() {
	s.about("sign")
	s.look("recap")
	s.press(`form[action$="/signature"] button[type=submit]`)
	s.refusal(422, "aidant.recap.title")
	s.look("recap-without-agreement")
	s.agree()
	s.press(`form[action$="/signature"] button[type=submit]`)
	s.page("aidant.mandate.step")
	s.says("ends.confirmed")
	s.look("mandate-signed")
	s.mandate = s.path()
}

func (s *storyteller) use() {
	s.about("open the public service")
	s.toFranceConnect(demo.TaxService)
	s.glance("use-choose-mandat")
	s.press(chooseMandat)
	s.page("idp.citizen.title")
	s.look("use-search")
	s.about("search with two letters")
	s.lookFor("du")
	s.refusal(422, "idp.citizen.title")
	s.look("use-search-too-short")
	s.about("search for nobody")
	s.lookFor("zzz")
	s.says("idp.citizen.nobody")
	s.look("use-search-nobody")
	s.about("find the citizen")
	s.lookFor(s.search)
	s.look("use-search-found")
	s.press("button[name=usager]")
	s.page("idp.procedure.title")
	s.about("a new second factor for this citizen")
	s.look("use-confirm")
	s.press(`form[action$="/confirmation"] button`)
	s.page("login.confirm.title")
	s.look("confirm-for-a-citizen")
	s.toConfirm()
	s.press("button" + quoted("value", s.aidant))
	s.page("idp.procedure.title")
	s.look("use-procedure")
	s.about("choose no procedure")
	s.press(`form[action$="/demarche"] .fr-btn--lg`)
	s.refusal(422, "idp.procedure.title")
	s.look("use-procedure-none-chosen")
	s.about("choose the procedure")
	s.tick("#demarche-" + tax)
	s.press(`form[action$="/demarche"] .fr-btn--lg`)
	s.about("be greeted by the service")
	s.press("button[name=continue]")
	if !s.has("#greeting") {
		s.fatalf("no greeting but %s", s.read("main"))
	}
	s.glance("use-greeted")
	s.about("leave the service")
	s.press("button[name=logout]")
	s.about("see the use on the mandate's page")
	s.open(s.mandate)
	if n := len(s.uses()); n != 1 {
		s.fatalf("%d uses", n)
	}
	s.look("mandate-used")
}

func (s *storyteller) lookFor(words string) {
	s.t.Helper()
	s.write("#field-recherche", words)
	s.press(`form[role=search] button`)
}

// uses are the lines of the mandate's page that tell of a use.
func (s *storyteller) uses() []string {
	before, _, _ := strings.Cut(s.text("aidant.act.power.used", "Procedure", "*"), "*")
	var out []string
	for line := range strings.Lines(s.read("main")) {
		if strings.Contains(line, before) {
			out = append(out, line)
		}
	}
	return out
}

func (s *storyteller) end() {
	s.about("find the mandate of somebody who calls")
	s.open("/espace")
	s.lookFor("zzz")
	s.page("list.title")
	s.says("list.empty.current")
	s.look("list-nobody")
	s.lookFor(s.search)
	s.look("list-found")
	s.press(`.fr-list a[href="` + s.mandate + `"]`)
	s.page("aidant.mandate.title")
	receipt := s.takeReceipt()
	s.about("end the mandate")
	s.press(`main a[href$="/fin"]`)
	s.page("aidant.end.title")
	s.look("end")
	s.press("form .fr-btn--danger")
	s.refusal(422, "aidant.end.title")
	s.look("end-without-reason")
	s.tick("input[name=reason][value=mistake]")
	s.press("form .fr-btn--danger")
	s.page("aidant.end.done_title")
	s.look("ended")
	s.press(`main a[href="` + s.mandate + `"]`)
	s.page("aidant.mandate.title")
	s.look("mandate-ended")
	s.about("hand over the certificate of its end")
	s.press(`main a[href$="/attestation-de-fin"]`)
	s.page("aidant.paper.end.title")
	s.look("end-certificate")
	s.checkReceipt(receipt, "recu.verdict.nothing", "receipt-ended")
}

func (s *storyteller) useNoMore() {
	s.about("the next use is refused")
	s.toFranceConnect(demo.AllowanceService)
	s.press(chooseMandat)
	s.lookFor(s.search)
	s.says("idp.citizen.nobody")
	s.about("cancel")
	s.giveUp(demo.AllowanceService)
	s.about("back in the space")
	s.open("/espace")
	s.look("space-at-last")
	s.open("/mandats?onglet=ended")
	s.click("details > summary")
	s.look("list-ended")
	s.press(`main a[href*="/mandats/export"]`)
	s.page("list.export_title")
	s.look("export")
}

func (s *storyteller) signOut() {
	s.about("sign out")
	s.open(s.mandate)
	s.press(`form[action="/deconnexion"] button`)
	s.on("/deconnexion")
	s.page("login.out.title")
	s.look("signed-out")
	s.about("go back after signing out, as the next person at the counter might")
	s.backTo(s.mandate)
	s.page("login.title")
	s.open("/espace")
	s.on("/connexion")
	s.says("login.continue.title")
	s.look("sign-in-to-go-on")
}
