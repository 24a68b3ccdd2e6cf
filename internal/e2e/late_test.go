package e2e

import "testing"

// TestLate: terms are sent after somebody has signed out in another tab. The sign-in page says that nothing was done, and the terms are there again afterwards.
func TestLate(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		p := arrive(t, habits{lang: lang, album: "late"})
		p.signInAs(map[string]string{"fr": "demo-jeanne", "en": "demo-karim"}[lang])
		p.open("/mandats/nouveau")
		p.about("sign out in another tab")
		two := p.beside(t)
		two.about(p.step)
		two.open("/espace")
		two.press(`form[action="/deconnexion"] button`)
		p.about("send what is filled in")
		p.unfold("details:has(#procedure-" + tax + ")")
		p.tick("#procedure-" + tax)
		p.tick("#field-days")
		p.tick("#field-informed")
		p.press("main form .fr-btn--lg")
		p.page("login.title")
		p.says("login.ended.title")
		p.says("login.ended.kept")
		p.look("signed-out")
		p.about("sign in again")
		p.press(".fr-connect--pro")
		p.press("button" + quoted("value", map[string]string{"fr": "demo-jeanne", "en": "demo-karim"}[lang]))
		p.page("aidant.terms.title")
		p.says("page.form.left")
		if !p.has("#procedure-"+tax+":checked") || !p.has("#field-days:checked") || p.has("#field-informed:checked") {
			p.fatalf("not as it was, or declared already")
		}
		p.look("back")
	}
}
