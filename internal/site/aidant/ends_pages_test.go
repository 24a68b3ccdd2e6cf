package aidant

import (
	"net/url"
	"time"

	"github.com/google/uuid"

	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

func somePowers() []powerLine {
	return []powerLine{{Name: "Déclaration de revenus", Body: "DGFiP", Level: procedure.Act, Standing: true, EndsAt: endsAt, Place: 1},
		{Name: "Prime d’activité", Body: "CAF", Case: "2026-4471", Level: procedure.See, Scheduled: true, EndsAt: endsAt, Place: 2},
		{Name: "Dossier de surendettement", Body: "Banque de France", Level: procedure.Pay, EndedAt: signedAt, Reason: "citizen", Place: 3}}
}

// endsPages are the pages of a mandate in full, of the end of one power, and of renewing.
func endsPages() []shownPage {
	trail := mandateTrail(someID)
	full := func(change func(*mandatePage)) func() page.Page {
		return func() page.Page {
			m := someMandate(angela)
			m.SignedWith, m.IdentifiedBy, m.ConsentBy, m.Witness, m.Renews = mandate.WithCode, "witnessed", mandate.ConsentColleague, someID, someID
			m.Terms = terms.Frozen{Version: 2, Payments: signedAt, BankDetails: signedAt, Warned: signedAt}
			p := &mandatePage{Common: page.Common{Title: "aidant.mandate.title", Trail: trail}, Mandate: m, Standing: true, DrawnUpBy: "Maëlle Le Goff", Witness: "Paul Fictif", Powers: somePowers(), Renewable: true}
			change(p)
			return p
		}
	}
	part := func(change func(*endPage)) func() page.Page {
		return func() page.Page {
			p := &endPage{Common: page.Common{Title: "ends.part.title", Trail: trail}, Mandate: someMandate(angela), Standing: true, Power: &somePowers()[1], Left: 2, Reasons: reasonsFor(true)}
			change(p)
			return p
		}
	}
	renew := func(change func(*renewPage)) func() page.Page {
		return func() page.Page {
			p := &renewPage{Common: page.Common{Title: "ends.renew.title", Trail: trail}, Mandate: someMandate(angela), Organisation: house, Reason: "citizen", Payments: true, BankDetails: true,
				Durations: []renewDays{{1, signedAt, false, true}, {31, endsAt, true, false}}, Stands: true}
			for i, l := range somePowers() {
				p.Powers = append(p.Powers, renewPower{powerLine: l, Key: "x", Gone: i == 1, Chosen: i == 0, Warning: map[int]string{2: "Lisez ceci."}[i]})
			}
			change(p)
			return p
		}
	}
	wrong := page.FilledForm(url.Values{"powers": {"1", "3"}})
	for _, f := range [][2]string{{"powers", "ends.renew.wrong.none"}, {"warned-3", "aidant.terms.wrong.warned.missing"}, {"payments", "ends.renew.wrong.payments"}, {"days", "ends.renew.wrong.days"},
		{"no_protection", "aidant.terms.wrong.no_protection.missing"}, {"informed", "aidant.terms.wrong.informed.missing"}} {
		wrong.Fail(f[0], f[1])
	}
	pages := []shownPage{
		{"aidant/mandate.html", "full", full(func(*mandatePage) {})},
		{"aidant/mandate.html", "below", full(func(p *mandatePage) { p.Below = true })},
		{"aidant/mandate.html", "forsaken", full(func(p *mandatePage) { p.Forsaken = true })},
		{"aidant/mandate.html", "scheduled", full(func(p *mandatePage) {
			p.Standing, p.Scheduled, p.Signed, p.Mandate.StartsAt, p.Mandate.SignedWith, p.Mandate.Renews = false, true, true, signedAt.Add(240*time.Hour), mandate.WithPasskey, uuid.Nil
		})},
		{"aidant/end.html", "part", part(func(*endPage) {})},
		{"aidant/end.html", "last", part(func(p *endPage) { p.Left = 1 })},
		{"aidant/end.html", "part, confirm", part(func(p *endPage) { p.Confirm = true })},
		{"aidant/end.html", "part, done", part(func(p *endPage) { p.Standing, p.EndedAt, p.Reason = false, signedAt, "citizen" })},
		{"aidant/renew.html", "new", renew(func(*renewPage) {})},
		{"aidant/renew.html", "shortens", renew(func(p *renewPage) { p.Durations, p.Shortens = p.Durations[:1], true })},
		{"aidant/renew.html", "wrong", renew(func(p *renewPage) { p.Form = wrong })},
	}
	for _, why := range []string{"ended", "old", "short", "nothing"} {
		pages = append(pages, shownPage{"aidant/renew.html", why, renew(func(p *renewPage) { p.Why = why })})
	}
	return pages
}
