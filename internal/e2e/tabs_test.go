package e2e

import (
	"path"
	"strings"
	"testing"
)

// TestTabs: somebody who works for two organisations has a mandate under way for each, in two tabs of one window. Neither tab does
// anything for the other's organisation, in whatever order they go on.
func TestTabs(t *testing.T) {
	t.Parallel()
	one := arrive(t, habits{lang: "fr", album: "tabs"})
	one.signInAs("demo-denise")
	here := one.structure()
	one.about("choose the other organisation in another tab")
	two := one.beside(t)
	two.about(one.step)
	two.open("/structures")
	two.page("aidant.organisations.title")
	two.look("organisations")
	two.press(`main a[href^="/structures/"]:not([href^="` + here + `/"])`)
	there := two.structure()
	if here == there {
		one.fatalf("both tabs are at %s", here)
	}
	two.look("space-of-the-other")
	first, second := &storyteller{person: one}, &storyteller{person: two}
	one.open(here + "/mandats/nouveau")
	two.open(there + "/mandats/nouveau")
	first.fill()
	second.fill()
	first.identifyAs("naissance_Maroc")
	one.page("aidant.recap.title")
	second.identifyAs("naissance_Algérie")
	two.page("aidant.recap.title")
	two.look("recap")
	mandates := map[*person]string{one: first.put(), two: second.put()}
	for tab, base := range map[*person]string{one: here, two: there} {
		tab.about("whose the mandate is")
		of := row[string](tab, `select '/structures/' || o.public_id from mandate m join organisation o on o.id = m.organisation_id where m.id = $1`, mandates[tab])
		if of != base {
			tab.fatalf("the mandate signed at %s is of %s", base, of)
		}
	}
	one.about("the other's mandate at this one's address")
	one.open(here + "/mandats/" + mandates[two])
	one.refusal(404, "page.problem.not_found.title")
	one.about("an address without organisation")
	one.open("/espace")
	one.structure()
}

// structure is what the addresses of the organisation's pages begin with.
func (p *person) structure() string {
	p.t.Helper()
	base, found := strings.CutSuffix(p.path(), "/espace")
	if !found || !strings.HasPrefix(base, "/structures/") {
		p.fatalf("not in the space of an organisation but at %s", p.path())
	}
	return base
}

// fill enters terms.
func (s *storyteller) fill() {
	s.t.Helper()
	s.about("enter the terms")
	s.tick("#field-informed")
	s.unfold("details:has(#procedure-" + tax + ")")
	s.tick("#procedure-" + tax)
	s.tick(`input[name=days][value="31"]`)
	s.tick("#field-no_protection")
	s.press("main form .fr-btn--lg")
	s.page("aidant.identity.title")
}

// put signs, and returns the mandate.
func (s *storyteller) put() string {
	s.t.Helper()
	s.about("sign")
	s.agree()
	s.press(`form[action$="/signature"] button[type=submit]`)
	s.says("ends.confirmed")
	return path.Base(s.path())
}
