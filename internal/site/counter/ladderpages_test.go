package counter

import (
	"net/url"
	"testing"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// proposed is a proposal as it is shown, without a database.
func proposed(t *testing.T, lang, form string) proposal {
	t.Helper()
	debts, _ := mustLoad().Find("argent-surendettement")
	p := proposal{How: &terms.Agreement{Lang: lang, Form: form, Reading: "self"}, Digest: "00"}
	p.Terms = terms.Frozen{Version: 2, Organisation: terms.Party{Name: house.Name, Address: house.Address, Postcode: house.Postcode, City: house.City, Phone: house.Phone}, Citizen: angela, EndsAt: endsAt, Agreement: p.How,
		Procedures: []terms.Power{{Key: tax.Key, Name: tax.Name, Body: tax.Body, Level: procedure.Act, EndsAt: endsAt}, {Key: debts.Key, Name: debts.Name, Body: debts.Body, Warning: debts.Warning, Level: procedure.See, EndsAt: endsAt}}}
	texts, err := terms.Recap(p.Terms)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.show(texts); err != nil {
		t.Fatal(err)
	}
	p.Question = ask(draft.Draft{ID: someID}, endsAt, lang, p.Words)
	return p
}

// offered are the ways to read a recap.
func offered(t *testing.T, how *terms.Agreement) []way {
	t.Helper()
	out, err := ways(how)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everyPage is each page of this area from the identification on, in each shape it can have.
func everyPage(t *testing.T) []shownPage {
	t.Helper()
	drawn := draft.Draft{ID: someID, Version: 2, State: draft.Open, Terms: terms.Terms{Powers: []terms.Asked{{Procedure: tax.Key, Level: procedure.Act}}, Days: 31}, CreatedAt: signedAt, ExpiresAt: signedAt.Add(draft.Life)}
	identified := drawn
	identified.State, identified.Identity, identified.IdentifiedAt, identified.IdentifiedBy = draft.Identified, &angela, signedAt, draft.ByFranceConnect
	recap := func(change func(*recapPage)) func() page.Page {
		return func() page.Page {
			p := &recapPage{Common: page.Common{Title: "aidant.recap.title", Trail: trail(identified), Current: "/mandats/nouveau", Scripts: []string{"js/passkey.js", "js/aloud.js", "js/drawn.js", "js/phone.js"}}, Draft: identified, Identity: angela,
				Organisation: house, Readings: terms.Readings, ValidUntil: signedAt.Add(10 * time.Minute), proposal: proposed(t, "fr", evidence.Plain)}
			change(p)
			if p.Ways = offered(t, p.How); !p.IdentifyNew && !p.OtherTerms && p.Missing == "" {
				p.WaysTo, p.LanguageForm = "/brouillons/"+someID.String()+"/recapitulatif", "recap"
			}
			if err := p.forAidant(identified, "fr"); err != nil {
				t.Fatal(err)
			}
			p.people()
			return p
		}
	}
	known := func(x answering) func(*recapPage) {
		return func(p *recapPage) {
			p.Missing, p.Consent, p.Draft.IdentifiedBy = "known", x, draft.ByAcquaintance
		}
	}
	identity := func(why string, done bool, low ...needing) func() page.Page {
		return func() page.Page {
			return &identityPage{Common: page.Common{Title: "aidant.identity.title", Trail: trail(drawn)[:2]}, Draft: drawn, Identified: done, Refused: why, Document: rung{TooLow: low}, Known: rung{TooLow: low, Below: []string{tax.Name.In("fr")}}}
		}
	}
	document := func(form *page.Form) func() page.Page {
		return func() page.Page {
			return &documentPage{Common: page.Common{Title: "ladder.document.title", Trail: trail(drawn), Form: form}, Draft: drawn, Kinds: draft.Documents}
		}
	}
	wrong := page.FilledForm(url.Values{"birth_day": {"41"}})
	for field, code := range map[string]string{"document": "unknown", "family_name": "missing", "usage_name": "invalid", "given_name": "missing", "birthdate": "invalid", "email": "invalid", "born_town": "missing", "born_country": "invalid"} {
		wrong.Fail(field, "ladder.document.wrong."+field+"."+code)
	}
	misplaced := page.FilledForm(url.Values{"born_town": {"?"}, "born_unwritten": {"on"}})
	misplaced.Fail("born_town", "ladder.document.wrong.born_town.invalid")
	namesakes := func(form *page.Form, email string, known ...citizen.Namesake) func() page.Page {
		return func() page.Page {
			told := longName
			told.BornTown, told.BornCountry, told.Email = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson", "République démocratique du Congo", email
			return &namesakesPage{Common: page.Common{Title: "ladder.namesakes.title", Trail: trail(drawn), Form: form}, Draft: drawn, Told: told, Namesakes: known, Typed: []typedField{{"family_name", told.FamilyName}}}
		}
	}
	mailed := longName
	mailed.BornTown, mailed.Email = "Kinshasa", "marie-antoinette@exemple.invalid"
	oldest, newest := citizen.Namesake{Citizen: citizen.Citizen{ID: someID, Identity: mailed}, KnownSince: signedAt}, citizen.Namesake{Citizen: citizen.Citizen{ID: someID, Identity: longName}, KnownSince: signedAt}
	unsaid := page.FilledForm(nil)
	unsaid.Fail("who", "ladder.namesakes.wrong.who")
	short := page.FilledForm(url.Values{"recherche": {"d"}})
	short.Fail("recherche", "ladder.known.too_short")
	search := func(form *page.Form, found ...citizen.Citizen) func() page.Page {
		return func() page.Page {
			return &knownPage{Common: page.Common{Title: "ladder.known.title", Trail: trail(drawn), Form: form}, Draft: drawn, Searched: form != nil && !form.Failed(), Found: found, Most: 10}
		}
	}
	witness := func(mine bool, by string, form *page.Form) func() page.Page {
		return func() page.Page {
			d := identified
			d.IdentifiedBy = by
			return &witnessPage{Common: page.Common{Title: "ladder.witness.title", Trail: trail(d), Form: form}, Draft: d, Mine: mine, Identity: longName, Holder: "Maëlle Le Goff", proposal: proposed(t, "fr", evidence.Plain)}
		}
	}
	unseen := page.FilledForm(nil)
	unseen.Fail("seen", "ladder.witness.wrong.seen")
	unseen.Fail("heard", "ladder.witness.wrong.heard")
	recapWrong := page.FilledForm(url.Values{"present_name_4": {"Léa"}})
	for _, x := range [][2]string{{"reading", "reading"}, {"present_role_4", "role"}, {"present_name_1", "name"}, {"understood", "understood"}, {"drawn", "drawn"}, {"private", "private"}} {
		recapWrong.Fail(x[0], "recap.wrong."+x[1])
	}
	recapWrong.Fail("agreed", "aidant.recap.wrong.agreed")
	until := signedAt.Add(time.Hour)
	out := []shownPage{
		{"counter/identity.html", "first", identity("", false)},
		{"counter/identity.html", "dropped", identity("aidant.refused.dropped", false)},
		{"counter/identity.html", "minor", identity("ladder.refused.minor", false)},
		{"counter/identity.html", "again", identity("aidant.refused.other_browser", false)},
		{"counter/identity.html", "other citizen", identity("aidant.refused.other_citizen", false)},
		{"counter/identity.html", "ended since", identity("ladder.refused.ended", false)},
		{"counter/identity.html", "death", identity("ladder.refused.death", false)},
		{"counter/identity.html", "namesake", identity("ladder.refused.namesake", false)},
		{"counter/identity.html", "identified", identity("", true)},
		{"counter/identity.html", "too low", identity("ladder.refused.too_low", false, needing{tax.Name.In("fr"), procedure.FranceConnect}, needing{tax.Name.In("fr"), procedure.Witnessed})},
		{"counter/document.html", "new", document(nil)},
		{"counter/document.html", "wrong", document(wrong)},
		{"counter/document.html", "misplaced", document(misplaced)},
		{"counter/namesakes.html", "one", namesakes(page.FilledForm(nil), "", oldest)},
		{"counter/namesakes.html", "several", namesakes(unsaid, "marie@exemple.invalid", oldest, newest)},
		{"counter/known.html", "new", search(nil)},
		{"counter/known.html", "short", search(short)},
		{"counter/known.html", "nobody", search(page.FilledForm(url.Values{"recherche": {"durand"}}))},
		{"counter/known.html", "found", search(page.FilledForm(url.Values{"recherche": {"dub"}}), citizen.Citizen{ID: someID, Identity: angela}, citizen.Citizen{ID: someID, Identity: longName})},
		{"counter/witness.html", "sent", witness(true, draft.ByDocument, nil)},
		{"counter/witness.html", "document", witness(false, draft.ByDocument, unseen)},
		{"counter/witness.html", "first", withTold(witness(false, draft.ByDocument, nil), told{Document: true})},
		{"counter/witness.html", "the same", withTold(witness(false, draft.ByDocument, nil), told{draft.Known{Same: &oldest, Others: []citizen.Namesake{newest}}, true, "marie@exemple.invalid", "m•••@exemple.invalid"})},
		{"counter/witness.html", "another", withTold(witness(false, draft.ByDocument, nil), told{Known: draft.Known{Others: []citizen.Namesake{oldest, newest}}, Document: true, Email: "marie@exemple.invalid"})},
		{"counter/witness.html", "known", witness(false, draft.ByAcquaintance, nil)},
		{"counter/recap.html", "sign", recap(func(*recapPage) {})},
		{"counter/recap.html", "easy", recap(func(p *recapPage) { p.proposal = proposed(t, "en", evidence.FALC); p.Alone = true })},
		{"counter/recap.html", "wrong", recap(func(p *recapPage) { p.Form, p.Identity, p.Alone = recapWrong, longName, true })},
		{"counter/recap.html", "kept", recap(func(p *recapPage) { p.Form = page.KeptForm(url.Values{"agreed": {"on"}}) })},
		{"counter/recap.html", "identify", recap(func(p *recapPage) { p.IdentifyNew, p.Notice = true, "aidant.recap.notice.too_old" })},
		{"counter/recap.html", "confirm", recap(func(p *recapPage) { p.ConfirmFirst, p.Notice = true, "aidant.recap.notice.changed" })},
		{"counter/recap.html", "key", recap(func(p *recapPage) { p.Notice = "recap.notice.key" })},
		{"counter/recap.html", "witnessed", recap(func(p *recapPage) {
			p.Draft.IdentifiedBy, p.Draft.WitnessedAt, p.Witness = draft.ByDocument, signedAt, "Paul Fictif"
			p.Told = told{draft.Known{Same: &oldest}, true, "marie@exemple.invalid", "m•••@exemple.invalid"}
		})},
		{"counter/recap.html", "other terms attested", recap(func(p *recapPage) {
			p.Draft.IdentifiedBy, p.Draft.WitnessedAt, p.Witness, p.OtherTerms = draft.ByDocument, signedAt, "Paul Fictif", true
		})},
		{"counter/recap.html", "the colleague left", recap(func(p *recapPage) {
			p.Draft.IdentifiedBy, p.Draft.WitnessedAt, p.Witness, p.Missing = draft.ByDocument, signedAt, "Paul Fictif", "left"
		})},
		{"counter/recap.html", "document alone", recap(func(p *recapPage) { p.Draft.IdentifiedBy, p.Missing = draft.ByDocument, "document" })},
		{"counter/recap.html", "no number", recap(known(answering{}))},
		{"counter/screen.html", "easy", func() page.Page {
			p := proposed(t, "fr", evidence.FALC)
			return &screenPage{Common: page.Common{Title: "recap.screen.title", Scripts: []string{"js/aloud.js", "js/drawn.js"}}, proposal: p, Draft: identified, Ways: offered(t, p.How), WaysTo: screenPath(someID), Carried: url.Values{"reading": {"self"}}}
		}},
		{"counter/screen.html", "right to left", func() page.Page {
			p := proposed(t, "ar", evidence.Translation)
			return &screenPage{Common: page.Common{Title: "recap.screen.title", Scripts: []string{"js/aloud.js", "js/drawn.js"}}, proposal: p, Draft: identified, Ways: offered(t, p.How), WaysTo: screenPath(someID), Carried: url.Values{"reading": {"self"}}}
		}},
		{"counter/recap.html", "right to left", recap(func(p *recapPage) { p.proposal = proposed(t, "ar", evidence.Translation); p.Alone = true })},
		{"counter/recap.html", "translated, by SMS", recap(func(p *recapPage) {
			known(answering{Possible: true, Number: "•• 12"})(p)
			p.proposal = proposed(t, "uk", evidence.Translation)
		})},
	}
	for _, says := range []string{"", "queued", "sent", "delivered", "delayed", "again", "yes", "no", "unclear", "expired", "cancelled", "failed", "used"} {
		over := says != "" && says != "queued" && says != "sent" && says != "delivered" && says != "delayed" && says != "again"
		out = append(out, shownPage{"counter/recap.html", "sms " + says, recap(known(answering{Possible: true, Number: "•• 12", Says: says, Over: over, Until: until}))})
	}
	for _, why := range []string{"no_gateway", "too_new", "barred", "too_often", "too_long", "over"} {
		out = append(out, shownPage{"counter/recap.html", why, recap(func(p *recapPage) { p.Notice = "recap.sms.wrong." + why })})
	}
	return out
}

// withTold is a page for the second colleague with what they are shown of somebody whom a document told.
func withTold(data func() page.Page, x told) func() page.Page {
	return func() page.Page {
		p := data()
		p.(*witnessPage).Told = x
		return p
	}
}
