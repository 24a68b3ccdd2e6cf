package aidant

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/report"
	"mandat/internal/site/staff"
)

type usePage struct {
	page.Common
	Mandate  mandate.Mandate
	Use      useLine
	Before   []report.Account // those that a later one has corrected, the latest first
	Outcomes []string
	Sites    []string // those that the catalogue knows for the procedure
	AsksSite bool
	After    int    // how many accounts the page shows
	Notice   string // i18n key of what has been done, "" if nothing was
	Changed  bool   // somebody gave another account meanwhile
}

// otherSite is the choice of a site that is typed.
const otherSite = "autre"

func (s *Site) showUse(w http.ResponseWriter, r *http.Request) error {
	return s.renderUse(w, r, http.StatusOK, nil, false)
}

// renderUse shows a use with its account and the form of the next. form is what was entered; nil fills in what the last account says.
func (s *Site) renderUse(w http.ResponseWriter, r *http.Request, status int, form *page.Form, changed bool) error {
	at, id, err := staff.WithID(r, "use")
	if err != nil {
		return err
	}
	m, _, err := s.mandate(r, report.PageUses)
	if err != nil {
		return err
	}
	u, err := s.Reports.Find(r.Context(), at.Actor(), m.ID, id)
	if err != nil {
		return refusal(err)
	}
	cases, err := s.Mandates.References(m)
	if err != nil {
		return err
	}
	p := &usePage{Common: page.Common{Title: "uses.use.title", Current: "/espace", Trail: mandateTrail(m.ID, page.Link{Href: usesPath(m.ID), Text: "uses.title"}), Form: form},
		Mandate: m, Use: inLine(m, u, cases, page.Lang(r)), Outcomes: report.Outcomes, Sites: s.sites(u), AsksSite: u.Way == report.Login || u.Way == report.Site,
		After: len(u.Accounts), Changed: changed}
	for i := len(u.Accounts) - 2; i >= 0; i-- {
		p.Before = append(p.Before, u.Accounts[i])
	}
	if p.Notice, err = s.Sessions.Notice(r.Context(), at, "use:"+id.String()); err != nil {
		return err
	}
	if form == nil {
		p.Form = filled(u, p.Sites)
	}
	return s.Pages.Render(w, r, status, "aidant/use.html", p)
}

// sites are what may be chosen as the site of a use: the service where we know it, else what the catalogue calls the procedure's, as people read it.
func (s *Site) sites(u report.Use) []string {
	if u.Service != "" {
		return []string{u.Service}
	}
	known, ok := s.Catalogue.Find(u.Procedure)
	if !ok || known.Site == "" {
		return nil
	}
	return []string{strings.TrimSuffix(strings.TrimPrefix(known.Site, "https://"), "/")}
}

// filled is a form with an account in it, to be corrected; before the first, with the service that we know.
func filled(u report.Use, sites []string) *page.Form {
	a := u.Last()
	if a.Number == 0 && u.Service == "" {
		return nil
	}
	if a.Number == 0 {
		return page.FilledForm(url.Values{"site": {u.Service}})
	}
	values := url.Values{"outcome": {a.Outcome}, "receipt": {a.Receipt}, "note": {a.Note}, "site": {otherSite}, "typed_site": {a.Site}}
	for _, known := range sites {
		if a.Site == known {
			values["site"], values["typed_site"] = []string{known}, nil
		}
	}
	if a.Supplied {
		values.Set("supplied", "on")
	}
	return page.FilledForm(values)
}

// doClose gives the account. Nothing that was typed is lost when it is refused.
func (s *Site) doClose(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	use, err := uuid.Parse(r.PathValue("use"))
	if err != nil {
		return s.renderUse(w, r, http.StatusOK, nil, false) // says that there is none
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	g := given(form)
	err = s.Reports.Close(r.Context(), at.Actor(), id, use, g)
	switch {
	case errors.Is(err, report.ErrAccount):
		if err := s.mistakes(r, id, use, g, form); err != nil {
			return err
		}
		return s.renderUse(w, r, http.StatusUnprocessableEntity, form, false)
	case errors.Is(err, report.ErrMeanwhile):
		return s.renderUse(w, r, http.StatusConflict, form, true)
	case err != nil:
		return refusal(err)
	}
	if err := s.Sessions.Notify(r.Context(), at, "use:"+use.String(), "uses.use.saved"); err != nil {
		return err
	}
	page.Redirect(w, r, usesPath(id)+"/"+use.String())
	return nil
}

// given reads an account. A site is one of those proposed, or what was typed instead.
func given(form *page.Form) report.Given {
	g := report.Given{Outcome: form.Value("outcome"), Site: form.Value("site"), Receipt: form.Value("receipt"), Note: form.Value("note"), Supplied: form.Ticked("supplied")}
	if g.Site == otherSite || g.Site == "" {
		g.Site = form.Value("typed_site")
	}
	g.After, _ = strconv.Atoi(form.Value("after")) // what is no number has seen none
	return g
}

// mistakes notes in a form what is wrong with an account.
func (s *Site) mistakes(r *http.Request, mandate, use uuid.UUID, g report.Given, form *page.Form) error {
	at, _, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	u, err := s.Reports.Find(r.Context(), at.Actor(), mandate, use)
	if err != nil {
		return refusal(err)
	}
	wrong := g.Check(u.Way)
	for _, field := range []string{"outcome", "site", "receipt", "note"} {
		switch code := wrong[field]; code {
		case "":
		case "too_long":
			form.Fail(field, "page.form.too_long")
		case "missing", "unknown":
			form.Fail(field, "uses.wrong."+field)
		default:
			form.Fail(field, "uses.holds."+code)
		}
	}
	return nil
}
