package aidant

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

// renewPage is aidant/renew.html: the same again with the citizen, or less.
type renewPage struct {
	page.Common
	Mandate      mandate.Mandate
	Why          string // why it cannot be renewed: "ended", "old", "short" or "nothing"; "" when it can
	Reason       string // why it ended
	Organisation org.Organisation
	Powers       []renewPower
	Durations    []renewDays
	Stands       bool // the mandate is not over: the new one takes the place of what is renewed of it at once
	Shortens     bool // and whatever is chosen ends before it
	Payments     bool // was consented to, and is asked again
	BankDetails  bool
}

type renewPower struct {
	powerLine
	Key     string
	Gone    bool   // no longer offered, or no longer allowed to the organisation
	Chosen  bool   // in the form
	Warning string // to be read with the citizen, "" for none
}

type renewDays struct {
	Days    int
	EndsAt  time.Time
	Chosen  bool
	Earlier bool // than the mandate that it takes the place of
}

func (s *Site) showRenew(w http.ResponseWriter, r *http.Request) error {
	return s.renderRenew(w, r, http.StatusOK, nil)
}

// renderRenew asks what is renewed, with everything ticked on a new page but what the citizen says themselves; or says why nothing can be.
func (s *Site) renderRenew(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &renewPage{Common: page.Common{Title: "ends.renew.title", Current: "/espace", Trail: mandateTrail(m.ID), Form: form}, Mandate: m, Payments: !m.Terms.Payments.IsZero(), BankDetails: !m.Terms.BankDetails.IsZero()}
	if p.Organisation, err = s.Directory.Acting(r.Context(), at.Actor(), now); err != nil {
		return refusal(err)
	}
	if p.Powers, err = s.renewable(m, p.Organisation, page.Lang(r), form, now); err != nil {
		return err
	}
	p.last(m, form, now)
	_, p.Reason = ending(m, now)
	switch {
	case m.State == mandate.Ended && m.EndReason != "expired":
		p.Why = "ended"
	case !m.Renewable(now):
		p.Why = "old"
	case len(p.Durations) == 0:
		p.Why = "short"
	case !slices.ContainsFunc(p.Powers, func(l renewPower) bool { return !l.Gone }):
		p.Why = "nothing"
	}
	if p.Why != "" {
		status, p.Form = http.StatusConflict, nil
	}
	return s.Pages.Render(w, r, status, "aidant/renew.html", p)
}

// last says how long the renewal can last, and what of it ends before the mandate that stands would have.
func (p *renewPage) last(m mandate.Mandate, form *page.Form, now time.Time) {
	p.Stands = m.StandsAt(now)
	for _, days := range terms.Days {
		if days <= m.Lasts() {
			chosen, ends := form.Value("days") == strconv.Itoa(days) || form == nil && days == m.Days, terms.EndOf(now, days)
			p.Durations = append(p.Durations, renewDays{days, ends, chosen, p.Stands && ends.Before(m.Until())})
		}
	}
	p.Shortens = p.Stands && !slices.ContainsFunc(p.Durations, func(d renewDays) bool { return !d.Earlier })
}

// renewable are the powers of a mandate as they can be given again. What ended on its own before the mandate did can be too: the citizen is asked.
func (s *Site) renewable(m mandate.Mandate, o org.Organisation, lang string, form *page.Form, now time.Time) ([]renewPower, error) {
	powers, err := s.powers(m, lang, now)
	if err != nil {
		return nil, err
	}
	var out []renewPower
	for _, l := range powers {
		one := renewPower{powerLine: l, Key: m.Terms.Procedures[l.Place-1].Key}
		p, known := s.Catalogue.Find(one.Key)
		one.Gone = !known || !p.Offers(l.Level) || !o.Allows(one.Key)
		one.Warning = p.Warning.In(lang)
		one.Chosen = form.Has("powers", strconv.Itoa(l.Place)) || form == nil && (l.Open() || l.Reason == "expired")
		out = append(out, one)
	}
	return out, nil
}

func (s *Site) doRenew(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	places, days, asked := s.readRenewal(form, m)
	if form.Failed() {
		return s.renderRenew(w, r, http.StatusUnprocessableEntity, form)
	}
	d, err := s.Mandates.Renew(r.Context(), at.Actor(), m.ID, places, days, asked)
	return s.renewed(w, r, form, d, err)
}

// renewed goes on at the draft, or says what the rules refuse.
func (s *Site) renewed(w http.ResponseWriter, r *http.Request, form *page.Form, d draft.Draft, err error) error {
	switch {
	case errors.Is(err, draft.ErrWider):
		form.Fail("days", "ends.renew.wrong.days")
	case errors.Is(err, draft.ErrNotAllowed), errors.Is(err, draft.ErrTerms):
		form.Fail("powers", "ends.renew.wrong.gone")
	case errors.Is(err, mandate.ErrNotRenewable):
		return s.renderRenew(w, r, http.StatusConflict, form)
	case err != nil:
		return refusal(err)
	default:
		return s.goTo(w, r, staff.Step(d))
	}
	return s.renderRenew(w, r, http.StatusUnprocessableEntity, form)
}

// readRenewal reads the form and notes its mistakes in the order of the page.
func (s *Site) readRenewal(form *page.Form, m mandate.Mandate) (places []int, days int, t terms.Terms) {
	days, _ = strconv.Atoi(form.Value("days"))
	t = terms.Terms{Days: days, Payments: form.Ticked("payments"), BankDetails: form.Ticked("bank_details"), NoProtection: form.Ticked("no_protection"), Informed: form.Ticked("informed"), Tell: !form.Ticked("quiet")}
	warnings, read := 0, 0
	for _, value := range form.Values("powers") {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > len(m.Terms.Procedures) {
			form.Fail("powers", "ends.renew.wrong.gone")
			return nil, 0, t
		}
		agreed := m.Terms.Procedures[n-1]
		places, t.Powers = append(places, n-1), append(t.Powers, terms.Asked{Procedure: agreed.Key, Level: agreed.Level, Case: agreed.Case})
		if p, known := s.Catalogue.Find(agreed.Key); known && p.Warning != nil {
			if warnings++; form.Has("warned", value) {
				read++
			} else {
				form.Fail("warned-"+value, "aidant.terms.wrong.warned.missing")
			}
		}
	}
	t.Warned = warnings > 0 && read == warnings // each by somebody's hand; where there is none, none was read
	wrong := t.Check(s.Catalogue, s.Clock.Now())
	// What was consented to for a power that is not renewed is asked for nothing.
	t.Payments, t.BankDetails = t.Payments && wrong["payments"] == "", t.BankDetails && wrong["bank_details"] == ""
	if wrong["procedures"] == "none" {
		form.Fail("powers", "ends.renew.wrong.none")
	} else if wrong["cases"] == "private" {
		form.Fail("powers", "ends.renew.wrong.case")
	} else if wrong["cases"] != "" {
		form.Fail("powers", "ends.renew.wrong.case_words")
	} else if wrong["procedures"]+wrong["levels"] != "" {
		form.Fail("powers", "ends.renew.wrong.gone")
	}
	if wrong["payments"] == "missing" {
		form.Fail("payments", "ends.renew.wrong.payments")
	}
	for _, field := range []string{"days", "no_protection", "informed"} {
		if code := wrong[field]; code != "" {
			form.Fail(field, "aidant.terms.wrong."+field+"."+code)
		}
	}
	return places, days, t
}
