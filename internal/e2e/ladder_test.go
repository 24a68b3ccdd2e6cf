package e2e

import (
	"path"
	"testing"

	"mandat/internal/procedure"
)

// TestLadder: a citizen without FranceConnect shows a document to two aidants, and comes again as somebody known. Every page on the way is looked at.
func TestLadder(t *testing.T) {
	t.Parallel()
	for lang, name := range map[string]string{"fr": "Échelle", "en": "Ladder"} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: lang, album: "ladder"})
			p.signInAs("demo-jeanne")
			draft := p.low()
			p.look("identity")
			p.reads(draft, name)
			p.attested(draft)
			p.about("the citizen's screen")
			p.open(draft + "/recapitulatif")
			p.look("recap-attested")
			p.press(`main button[name=way][value="` + lang + ` falc"]`)
			p.look("recap-easy")
			p.press(`main button[formaction$="/ecran"]`)
			p.page("recap.screen.title")
			p.look("screen")
			p.inArabic()
			p.press(handBack)
			p.page("aidant.recap.title")
			p.look("recap-drawn")
			p.about("a wrong answer")
			p.tick("#field-reading")
			p.tick("input[name=understood][value=later]")
			p.tick("#field-agreed")
			p.press(`form[action$="/signature"] button[type=submit]`)
			p.refusal(422, "aidant.recap.title")
			p.says("recap.wrong.understood")
			p.look("recap-not-understood")
			p.about("the right one")
			p.tick(rightAnswer)
			p.press(`form[action$="/signature"] button[type=submit]`)
			p.says("ends.confirmed")
			p.comesAgain(name)
			p.readsAgain(name)
		})
	}
}

// low begins a draft that needs no FranceConnect, and returns its path.
func (p *person) low() string {
	p.t.Helper()
	p.about("enter terms that need no FranceConnect")
	catalogue, err := procedure.Load()
	if err != nil {
		p.t.Fatal(err)
	}
	key := ""
	for _, theme := range catalogue.Themes() {
		for _, x := range theme.Procedures {
			if key == "" && x.Identity == procedure.Known && x.Warning == nil {
				key = x.Key
			}
		}
	}
	p.open("/mandats/nouveau")
	p.tick("#field-informed")
	p.unfold("details:has(#procedure-" + key + ")")
	p.tick("#procedure-" + key)
	p.tick(`input[name=days][value="31"]`)
	p.tick("#field-no_protection")
	p.press("main form .fr-btn--lg")
	p.page("aidant.identity.title")
	return path.Dir(p.path())
}

// reads enters what stands on a document.
func (p *person) reads(draft, name string) {
	p.t.Helper()
	p.about("read a document")
	p.press(`main a[href$="/identite/piece"]`)
	p.page("ladder.document.title")
	p.look("document")
	p.press(`form[action$="/piece"] button`)
	p.refusal(422, "ladder.document.title")
	p.look("document-wrong")
	p.copies(name)
	p.on(draft + "/recapitulatif")
	p.says("recap.missing.document")
	p.look("recap-without-proof")
	p.press(`main a[href$="/temoin"]`)
	p.page("ladder.witness.title")
	p.look("witness-asked")
}

// copies what stands on a document.
func (p *person) copies(name string) {
	p.t.Helper()
	p.tick("#field-document")
	for field, text := range map[string]string{"family_name": name, "given_name": "Zoé", "birth_day": "29", "birth_month": "2", "birth_year": "1960", "born_town": "Limoges"} {
		p.write("#field-"+field, text)
	}
	p.press(`form[action$="/piece"] button`)
}

// readsAgain reads the document of somebody who has the name and the birth date of who was there before, and says that it is the same person.
func (p *person) readsAgain(name string) {
	p.t.Helper()
	draft := p.low()
	p.about("read a document of the same name")
	p.press(`main a[href$="/identite/piece"]`)
	p.copies(name)
	p.refusal(409, "ladder.namesakes.title")
	p.look("namesakes")
	p.press(`form[action$="/piece"] button[name=edit]`)
	p.page("ladder.document.title")
	p.press(`form[action$="/piece"] button`)
	p.refusal(409, "ladder.namesakes.title")
	p.press(`form[action$="/piece"] button:not([name])`)
	p.refusal(422, "ladder.namesakes.title")
	p.look("namesakes-unsaid")
	p.tick("#field-who")
	p.press(`form[action$="/piece"] button:not([name])`)
	p.on(draft + "/recapitulatif")
	p.says("ladder.told.no_email")
	p.look("recap-the-same")
}

// attested lets a colleague attest a draft in a window of their own.
func (p *person) attested(draft string) {
	p.t.Helper()
	q := arrive(p.t, habits{lang: p.lang, album: "ladder-colleague"})
	q.signInAs("demo-karim")
	q.about("attest what a colleague read")
	q.open(draft + "/temoin")
	q.page("ladder.witness.title")
	q.look("witness")
	q.press(`form[action$="/temoin"] button`)
	q.refusal(422, "ladder.witness.title")
	q.look("witness-without-ticks")
	q.tick("#field-seen")
	q.tick("#field-heard")
	q.press(`form[action$="/temoin"] button`)
	q.on("/espace")
	q.says("ladder.witness.done")
}

// comesAgain finds somebody known.
func (p *person) comesAgain(name string) {
	p.t.Helper()
	draft := p.low()
	p.about("look for somebody known")
	p.press(`main a[href$="/identite/connue"]`)
	p.page("ladder.known.title")
	p.look("known")
	p.write("#field-recherche", "l")
	p.press(`form[action$="/connue"] button`)
	p.refusal(422, "ladder.known.title")
	p.write("#field-recherche", name)
	p.press(`form[action$="/connue"] button`)
	p.look("known-found")
	p.press(`form[action$="/choix"] button`)
	p.on(draft + "/recapitulatif")
	p.says("recap.missing.known")
	p.look("recap-known")
	p.attested(draft)
	p.open(draft + "/recapitulatif")
	if !p.has("#field-private") {
		p.fatalf("who comes again is not asked alone")
	}
}
