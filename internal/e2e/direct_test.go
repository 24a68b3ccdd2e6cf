package e2e

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"mandat/internal/demo"
)

// directName is what people call demo.DirectService.
const directName = "Aides au logement de démonstration"

// TestDirect: from a public service that talks to Mandat directly, through pages that say what it will know, and back to it. Afterwards the service is named
// wherever the use is told; and when the mandate ends while the aidant chooses, they are told so, and read why in their space.
func TestDirect(t *testing.T) {
	t.Parallel()
	for lang, s := range map[string]*storyteller{
		"fr": {tale: tale{aidant: "demo-karim", citizen: "test_CLEMENT", search: "clement"}},
		"en": {tale: tale{aidant: "demo-paul", citizen: "test_CLEMENT", search: "clement"}},
	} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s.habits, s.looks = habits{lang: lang, album: "direct"}, long()
			s.person = arrive(t, s.habits)
			w, id := s.given(s.aidant, s.citizen, url.Values{"days": {"31"}, "procedures": {tax, housing}})
			s.mandate = "/mandats/" + id.String()
			s.about("sign in on the way from the service")
			s.toDirect()
			s.page("login.title")
			s.says("idp.frame.from", "Client", directName)
			s.look("sign-in")
			s.press(".fr-connect--pro")
			s.press("button" + quoted("value", s.aidant))
			s.entersDirectly()
			s.isNamed()
			receipt := s.givesReceipt()
			s.about("leave the service, through Mandat and back")
			s.open(s.Twin.Home(demo.DirectService))
			s.press("button[name=logout]")
			s.on("/" + demo.DirectService)
			s.about("the mandate ends while the aidant chooses")
			s.toDirect()
			s.lookFor(s.search)
			s.press("button[name=usager]")
			s.page("idp.procedure.title")
			if err := w.End(id, "mistake"); err != nil {
				s.fatalf("%v", err)
			}
			s.tick("#demarche-" + housing)
			s.press(`form[action$="/demarche"] .fr-btn--lg`)
			s.person.look("ended-meanwhile")
			s.about("cancel")
			s.press(`form[action$="/annuler"] button`)
			s.on("/" + demo.DirectService)
			s.about("read why")
			s.open("/espace/refus")
			s.page("refusals.title")
			s.saysWords(directName)
			s.person.look("refusals")
			if receipt != "" {
				s.checkReceipt(receipt, "recu.verdict.nothing", "receipt-ended")
			}
		})
	}
}

// toDirect begins a login at the service.
func (p *person) toDirect() {
	p.t.Helper()
	p.open(p.Twin.Home(demo.DirectService))
	p.press("#login-" + demo.DirectService)
}

func (s *storyteller) entersDirectly() {
	s.about("look for nobody")
	s.page("idp.citizen.title")
	s.saysWords(directName)
	s.person.look("search")
	s.press(`form[role=search] button`)
	s.refusal(422, "idp.citizen.title")
	s.look("search-too-short")
	s.lookFor("zzz")
	s.says("idp.citizen.nobody")
	s.look("search-nobody")
	s.about("read what the service serves")
	s.click("details > summary")
	s.look("serves")
	s.about("choose the citizen")
	s.lookFor(s.search)
	s.look("found")
	s.press("button[name=usager]")
	s.about("a second factor that was given a while ago")
	s.behind(`update session set factor_at = factor_at - interval '16 minutes' where id = (select session_id from idp_login where id = $1)`, path.Base(path.Dir(s.path())))
	s.open(s.path())
	s.page("idp.procedure.title")
	s.look("confirm")
	s.press(`form[action$="/confirmation"] button`)
	s.page("login.confirm.title")
	s.look("confirm-who")
	s.toConfirm()
	s.press("button" + quoted("value", s.aidant))
	s.page("idp.procedure.title")
	s.says("idp.told.title")
	if s.has("#demarche-" + tax) {
		s.fatalf("a procedure is offered that the service does not serve")
	}
	s.person.look("procedure")
	s.about("choose no procedure")
	s.press(`form[action$="/demarche"] .fr-btn--lg`)
	s.refusal(422, "idp.procedure.title")
	s.look("procedure-none-chosen")
	s.about("be greeted by the service, which knows both")
	s.tick("#demarche-" + housing)
	s.press(`form[action$="/demarche"] .fr-btn--lg`)
	if !s.has("#greeting") || !strings.Contains(s.read("#told-act"), "siret") {
		s.fatalf("no greeting but %s", s.read("main"))
	}
}

// isNamed sees the service's name on the mandate's page, in the list of uses, and in the account.
func (s *storyteller) isNamed() {
	s.about("see at which service the mandate was used")
	s.open(s.mandate)
	if uses := s.uses(); len(uses) != 1 || !strings.Contains(uses[0], directName) {
		s.fatalf("the uses are %q", uses)
	}
	s.look("mandate")
	s.press(`main a[href$="/usages"]`)
	s.saysWords(directName)
	s.look("uses")
	s.press(`.fr-list a`)
	s.page("uses.use.title")
	s.look("use")
	s.tick("#field-outcome")
	s.press(`form[action*="/usages/"] button`)
	s.says("uses.use.saved")
	s.look("use-closed")
	s.open(s.mandate + "/compte-rendu")
	s.saysWords(directName)
	s.look("report")
}

// givesReceipt hands one over, and lets anybody look at it and at a forged one; in the long runs: the story of the three aidants has one too.
func (s *storyteller) givesReceipt() string {
	if !long() {
		return ""
	}
	s.open(s.mandate)
	receipt := s.takeReceipt()
	s.checkReceipt(receipt[:len(receipt)-9]+"AAAAAAAA"+receipt[len(receipt)-1:], "recu.wrong.changed", "receipt-forged")
	return receipt
}
