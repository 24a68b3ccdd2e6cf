package e2e

import (
	"context"
	"os"
	"path"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/cluster"
	"mandat/internal/demo"
)

// languages are those in which every page is looked at.
var languages = []string{"fr", "en"}

// spoken reports whether a long story is told in a language: in French always, in English too in the long runs. Its pages are looked at in both by the
// tests of each site; a browser costs minutes.
func spoken(lang string) bool { return lang == "fr" || long() }

// long reports whether this is a long run (make soak, make screenshots).
func long() bool { return os.Getenv("MANDAT_SOAK") != "" }

// signInAs goes through ProConnect, whatever comes of it.
func (p *person) signInAs(professional string) {
	p.t.Helper()
	p.about("sign in as " + professional)
	p.open("/connexion")
	p.press(".fr-connect--pro")
	p.press("button" + quoted("value", professional))
}

// TestRefused_AtTheDoor: who is not let in is told why, at the page they land on.
func TestRefused_AtTheDoor(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		p := arrive(t, habits{lang: lang, album: "door"})
		again := map[string]string{"fr": "identity_asked", "en": "other_account"} // they were asked about in French
		for professional, why := range map[string]string{
			"demo-inconnue": "unknown", "demo-jeanne-2": again[lang], "demo-lea": "wrong_organisation", "demo-hugo": "weak",
		} {
			p.signInAs(professional)
			p.refusal(403, "login.problem."+why+".title")
			p.look(why)
		}
		p.about("go back from ProConnect")
		p.open("/connexion")
		p.press(".fr-connect--pro")
		p.press("button[name=cancel]")
		p.refusal(400, "login.problem.cancelled.title")
		p.look("cancelled")
		p.press("main a.fr-btn")
		p.page("login.title")
	}
}

// TestPages_ForAnybody: what can be read without signing in, and what is not there.
func TestPages_ForAnybody(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		p := arrive(t, habits{lang: lang, album: "anybody"})
		p.about("read what is open to all")
		for address, heading := range map[string]string{"/accessibilite": "public.accessibility.title", "/mentions": "public.legal.title", "/catalogue": "public.catalogue.title", "/recu": "recu.title", "/idp/aide": "idp.help.title", "/v/AAAAAAAAAAAAAAAAAAAAAA": "public.status.title"} {
			p.open(address)
			p.page(heading)
			p.look(path.Base(heading[:len(heading)-len(".title")]))
		}
		p.about("a theme of the catalogue")
		p.open("/catalogue")
		p.unfold("#argent")
		p.look("theme")
		p.about("a text that is no receipt")
		p.open("/recu")
		p.press("main form button")
		p.refusal(422, "recu.title")
		p.look("no-receipt")
		p.write("#field-receipt", "bonjour")
		p.press("main form button")
		p.says("recu.wrong.none")
		p.look("wrong-receipt")
		p.about("what is not there")
		p.open("/nulle-part")
		p.refusal(404, "page.problem.not_found.title")
		p.look("not-found")
		p.about("a login at a service that nobody began")
		p.open("/idp/authorize?client_id=nobody")
		p.look("untrusted")
	}
}

// TestRefused_Inside: what an aidant is refused, or has to do again.
func TestRefused_Inside(t *testing.T) {
	t.Parallel()
	for lang, aidant := range map[string]string{"fr": "demo-jeanne", "en": "demo-paul"} {
		if !spoken(lang) {
			continue
		}
		s := &storyteller{person: arrive(t, habits{lang: lang, album: "inside"}), tale: tale{aidant: aidant, looks: true}}
		s.signInAs(aidant)
		s.about("what belongs to the auditor")
		s.open("/audit")
		s.refusal(403, "page.problem.forbidden.title")
		s.look("forbidden")
		s.press("main a.fr-btn")
		s.on("/espace")
		s.about("a mandate of nobody")
		s.open("/mandats/00000000-0000-4000-8000-000000000000")
		s.refusal(404, "page.problem.not_found.title")
		s.press("main a.fr-btn")
		s.on("/espace")
		draft := s.again()
		s.about("drop the draft")
		s.open("/espace")
		s.look("space-with-draft")
		s.press(`a[href="/brouillons/` + draft + `/abandon"]`)
		s.on("/brouillons/" + draft + "/abandon")
		s.look("draft-to-drop")
		s.press(`form[action="/brouillons/` + draft + `/abandon"] button`)
		s.on("/espace")
		s.look("space-draft-dropped")
	}
}

// TestUse_SignedOut: an aidant whose session is over begins at the service, and comes back to where they were. A login that
// is over stays over when they go back.
func TestUse_SignedOut(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		p := arrive(t, habits{lang: lang, album: "signed-out"})
		p.about("choose Mandat before signing in")
		p.toFranceConnect(demo.TaxService)
		p.press(chooseMandat)
		p.page("login.title")
		p.says("login.continue.title")
		p.look("sign-in-for-a-service")
		p.about("go back to the service instead, and come again")
		p.press(`a[href="/idp/annuler"]`)
		p.press("button[name=return]")
		p.on("/" + demo.TaxService)
		p.toFranceConnect(demo.TaxService)
		p.press(chooseMandat)
		p.page("login.title")
		p.press(".fr-connect--pro")
		p.press(`button[value="demo-karim"]`)
		p.page("idp.citizen.title")
		p.about("cancel, go back and cancel again")
		search := p.path()
		p.giveUp(demo.TaxService)
		p.backTo(search)
		p.press(`form[action$="/annuler"] button`)
		p.refusal(409, "idp.problem.finished.title")
		p.look("finished")
	}
}

// again lets time pass over a draft, which it returns: what was given has to be given again.
func (s *storyteller) again() string {
	s.about("draw up a mandate")
	s.open("/mandats/nouveau")
	s.tick("#field-informed")
	for _, procedure := range []string{tax, surendettement} {
		if !s.has("#procedure-" + procedure) {
			s.click("details:has(#procedure-" + procedure + ") > summary")
		}
		s.tick("#procedure-" + procedure)
	}
	s.tick("#field-warned-" + surendettement)
	s.look("terms-with-warning")
	s.tick(`input[name=days][value="1"]`)
	s.tick("#field-no_protection")
	s.press("main form .fr-btn--lg")
	s.identifyAs("nom_composé")
	s.page("aidant.recap.title")
	s.look("recap-with-warning")
	draft := path.Base(path.Dir(s.path()))
	s.about("sign after a quarter of an hour")
	s.behind(`update session set factor_at = factor_at - interval '16 minutes' where id = (select identified_session from mandate_draft where id = $1)`, draft)
	s.open(s.path())
	s.look("recap-factor-old")
	s.press(`form[action$="/confirmation"] button`)
	if s.path() == "/connexion/confirmation" {
		s.page("login.confirm.title")
		s.look("confirm")
	}
	s.about("another person confirms")
	s.toConfirm()
	s.press(`button[value="demo-sofia"]`)
	s.refusal(403, "login.problem.other_person.title")
	s.look("other-person")
	s.about("the aidant confirms")
	s.press("main a.fr-btn")
	s.toConfirm()
	s.press("button" + quoted("value", s.aidant))
	s.page("aidant.recap.title")
	s.about("sign ten minutes after the identification")
	s.behind(`update mandate_draft set identified_at = identified_at - interval '11 minutes' where id = $1`, draft)
	s.open(s.path())
	s.says("aidant.recap.identity_old")
	s.look("recap-identity-old")
	s.about("see what was entered before")
	s.open("/brouillons/" + draft)
	s.page("aidant.terms.title")
	s.look("terms-again")
	return draft
}

// toConfirm goes to ProConnect from the page that asks for the second factor, if that is where we are.
func (p *person) toConfirm() {
	p.t.Helper()
	if p.path() == "/connexion/confirmation" {
		p.press(".fr-connect--pro")
	}
}

const surendettement = "argent-surendettement"

// behind runs SQL behind the program's back.
func (p *person) behind(sql string, args ...any) {
	p.t.Helper()
	conn, err := pgx.Connect(p.ctx, p.Cluster.DSN(cluster.Superuser, demo.Database))
	if err != nil {
		p.fatalf("%v", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(p.ctx)) }()
	if _, err := conn.Exec(p.ctx, `set session_replication_role = replica`); err != nil { // without the triggers, which want an entry
		p.fatalf("%v", err)
	}
	if tag, err := conn.Exec(p.ctx, sql, args...); err != nil || tag.RowsAffected() != 1 {
		p.fatalf("%d rows changed, %v", tag.RowsAffected(), err)
	}
}
