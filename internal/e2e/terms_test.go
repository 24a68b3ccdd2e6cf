package e2e

import (
	"testing"
	"time"
)

// TestTerms: what is asked about a procedure appears where it is ticked, with and without scripts, and nothing that was entered is lost.
func TestTerms(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]habits{"with scripts": {lang: "fr", album: "terms"}, "without": {lang: "en", album: "terms-plain", noScripts: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storyteller{person: arrive(t, h)}
			s.signInAs(map[string]string{"fr": "demo-jeanne", "en": "demo-karim"}[h.lang])
			s.choosesMuch()
		})
	}
}

func (s *storyteller) choosesMuch() {
	const fine, card = "transports-amende-paiement", "social-carte-europeenne"
	s.about("tick a procedure")
	s.open("/mandats/nouveau")
	s.sees("#field-level-"+tax, false)
	s.unfold("details:has(#procedure-" + tax + ")")
	s.sees("#field-level-"+tax, false)
	s.tick("#procedure-" + tax)
	s.sees("#field-level-"+tax, true)
	s.sees(".fr-consent--bank", true)
	s.sees(".fr-consent--payments", false)
	s.choice("#field-level-"+tax, "sign")
	s.write("#field-case-"+tax, "Avis 2025")
	s.about("tick what is only to be paid")
	s.unfold("details:has(#procedure-" + fine + ")")
	s.tick("#procedure-" + fine)
	s.sees(".fr-consent--payments", true)
	s.about("choose the days")
	s.sees("#field-until", false)
	s.tick("#days-until")
	s.sees("#field-until", true)
	s.write("#field-until", "hier")
	s.unfold("details:has(#field-from)")
	s.write("#field-from", time.Now().AddDate(0, 0, 3).Format("2/1/2006"))
	s.small("chosen")
	s.about("tick a theme")
	s.unfold("#theme-social")
	s.press("#theme-social button[name=tick]")
	if !s.has("#procedure-"+card+":checked") || !s.has("#procedure-"+tax+":checked") || ask[string](s.person, `document.querySelector(%q).value`, "#field-level-"+tax) != "sign" {
		s.fatalf("the theme's button lost something, or did not tick")
	}
	s.press("#theme-social button[name=untick]")
	s.sends(fine)
}

// sends sends what is incomplete, and then what was missing.
func (s *storyteller) sends(fine string) {
	s.about("send what is incomplete")
	s.press("main form .fr-btn--lg")
	s.refusal(422, "aidant.terms.title")
	for _, wrong := range []string{"payments.missing", "warned.missing", "until.unreadable"} {
		s.says("aidant.terms.wrong." + wrong)
	}
	s.small("wrong")
	s.about("send what is complete")
	s.write("#field-until", time.Now().AddDate(0, 2, 0).Format("2/1/2006"))
	for _, missing := range []string{"#field-informed", "#field-warned-" + fine, "#field-payments", "#field-no_protection"} {
		s.tick(missing)
	}
	s.press("main form .fr-btn--lg")
	s.page("aidant.identity.title")
}

// small looks at the page as narrow does, where there are scripts: without, the page is the same.
func (s *storyteller) small(name string) {
	s.t.Helper()
	if s.scripts {
		s.narrow(name)
	}
}

// sees sees whether something is shown.
func (s *storyteller) sees(selector string, want bool) {
	s.t.Helper()
	if got := ask[bool](s.person, `document.querySelector(%q).checkVisibility()`, selector); got != want {
		s.fatalf("%s is shown: %v", selector, got)
	}
}
