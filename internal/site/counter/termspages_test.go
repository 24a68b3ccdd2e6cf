package counter

import (
	"net/url"
	"strings"
	"testing"

	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// filled is the page of terms as it is shown for a form.
func filled(form *page.Form, lang string, change func(*termsPage)) *termsPage {
	p := &termsPage{Common: page.Common{Title: "aidant.terms.title", Trail: []page.Link{home}, Current: newTerms, Form: form}, Action: newTerms, Organisation: house}
	change(p)
	p.offer(mustLoad(), lang, signedAt)
	return p
}

// wrongForm is a form with every mistake that there is, each at its field.
func wrongForm() *page.Form {
	form := page.FilledForm(url.Values{"procedures": {tax.Key, "argent-surendettement", "transports-amende-paiement"}, "days": {untilDay}, "until": {"le 31"}, "from": {"hier"},
		caseField(tax.Key): {"12 34"}, levelField(tax.Key): {"sign"}, "bank_details": {"on"}})
	for _, m := range [][2]string{{"informed", "informed.missing"}, {"procedures", "procedures.twice"}, {levelField(tax.Key), "levels.unknown"}, {caseField(tax.Key), "cases.invalid"},
		{warnedField("argent-surendettement"), "warned.missing"}, {"payments", "payments.missing"}, {"bank_details", "bank_details.needless"}, {"days", "days.invalid"},
		{"until", "until.unreadable"}, {"from", "from.unreadable"}, {"no_protection", "no_protection.missing"}} {
		form.Fail(m[0], "aidant.terms.wrong."+m[1])
	}
	return form
}

func termsPages() []shownPage {
	entering := func(form *page.Form, change func(*termsPage)) func() page.Page {
		return func() page.Page { return filled(form, "fr", change) }
	}
	drawn := draft.Draft{ID: someID, State: draft.Identified, Version: 3, CreatedAt: signedAt, ExpiresAt: signedAt.Add(draft.Life),
		Terms: terms.Terms{Powers: []terms.Asked{{Procedure: tax.Key, Level: procedure.Act}}, Days: 31, From: terms.DayOf(signedAt).AddDate(0, 0, 3)}}
	other := func(change func(*colleaguesPage)) func() page.Page {
		return func() page.Page {
			p := &colleaguesPage{Common: page.Common{Title: "aidant.colleagues.title", Trail: []page.Link{home}}, Draft: drawn, Holder: "Paul Fictif",
				Powers: []terms.Outlined{{Procedure: tax, Level: procedure.Sign, Case: true}}, Span: drawn.Terms.Span(signedAt, terms.MaxDays)}
			change(p)
			return p
		}
	}
	full := entered(terms.Terms{Powers: []terms.Asked{{Procedure: tax.Key, Level: procedure.Sign, Case: "2025"}, {Procedure: "argent-fichiers-banque-france", Level: procedure.See},
		{Procedure: "transports-amende-paiement", Level: procedure.Pay}}, Until: terms.DayOf(signedAt).AddDate(0, 2, 0), From: terms.DayOf(signedAt).AddDate(0, 0, 3), Payments: true, BankDetails: true})
	return []shownPage{
		{"counter/terms.html", "new", entering(nil, func(*termsPage) {})},
		{"counter/terms.html", "wrong", entering(wrongForm(), func(*termsPage) {})},
		{"counter/terms.html", "narrowed", entering(page.FilledForm(url.Values{"seek": {"impôts"}, "procedures": {"argent-surendettement"}}), func(*termsPage) {})},
		{"counter/terms.html", "nothing found", entering(page.FilledForm(url.Values{"seek": {"zzz"}}), func(*termsPage) {})},
		{"counter/terms.html", "resumed", entering(full, func(p *termsPage) { p.Resumed = true })},
		{"counter/terms.html", "identified", entering(full, func(p *termsPage) { p.Resumed, p.Identified = true, true })},
		{"counter/terms.html", "taken over", entering(full, func(p *termsPage) { p.Resumed, p.Notice = true, "aidant.colleagues.taken" })},
		{"counter/abandon.html", "mine", func() page.Page {
			return &abandonPage{Common: page.Common{Title: "aidant.drop.title", Trail: []page.Link{home}}, ID: someID, Draft: &drawn, Powers: []terms.Outlined{{Procedure: tax}}, Back: "/espace"}
		}},
		{"counter/abandon.html", "unread", func() page.Page {
			return &abandonPage{Common: page.Common{Title: "aidant.drop.title", Trail: []page.Link{home}}, ID: someID, Back: "/espace"}
		}},
		{"counter/colleagues.html", "theirs", other(func(*colleaguesPage) {})},
		{"counter/colleagues.html", "awaits", other(func(p *colleaguesPage) { p.Awaits = true })},
		{"counter/colleagues.html", "too late", other(func(p *colleaguesPage) { p.JustLost = true })},
	}
}

func TestTerms_MistakesKeepEverything(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	for _, lang := range pagetest.Languages {
		form := wrongForm()
		body := pagetest.Render(t, pages, "counter/terms.html", lang, maelle, filled(form, lang, func(*termsPage) {}))
		for _, m := range form.Mistakes() {
			for _, there := range []string{`href="#field-` + m.Field + `"`, `id="field-` + m.Field + `"`, `id="error-` + m.Field + `"`} {
				if !strings.Contains(body, there) {
					t.Errorf("%s: %q is not in the page", lang, there)
				}
			}
		}
		for _, kept := range []string{`value="` + tax.Key + `" checked`, `value="until" checked`, `value="le 31"`, `value="hier"`, `value="12 34"`, `<option value="sign" selected>`, `name="bank_details" value="on" checked`} {
			if !strings.Contains(body, kept) {
				t.Errorf("%s: %q is not in the page that is shown again", lang, kept)
			}
		}
	}
}
