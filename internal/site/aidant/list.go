package aidant

import (
	"errors"
	"net/http"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type listPage struct {
	page.Common
	Tabs           []tab
	Tab            string
	Lines          []mandateLine
	Count          int // of the tab
	Page, Pages    int
	Previous, Next string // queries of the pages beside this one, "" for none
	Narrowed       bool   // words or filters are at work
	Elsewhere      bool   // they fit mandates of other tabs
	Filtered       bool   // filters are at work
	Lost           bool   // the words that the address has are of another session
	Export         string // query of the page on which this list is taken away
	Choices        choices
}

// tab is one of the links above the list.
type tab struct {
	Name, Query string
	Count       int
}

type mandateLine struct {
	caseload.Summary
	State string // of caseload.Tabs
}

// lines are mandates as they stand now.
func (s *Site) lines(mandates []caseload.Summary) []mandateLine {
	now := s.Clock.Now()
	var out []mandateLine
	for _, m := range mandates {
		line := mandateLine{m, caseload.TabCurrent}
		switch {
		case m.EndsSoonAt(now):
			line.State = caseload.TabSoon
		case m.State == mandate.Ended || !now.Before(m.EndsAt):
			line.State = caseload.TabEnded
		case !m.StandsAt(now):
			line.State = caseload.TabScheduled
		}
		out = append(out, line)
	}
	return out
}

// showList shows a page of the organisation's mandates. Its address has the filters, the number of the page and, sealed, the words that were typed: so that going
// back, forward and to the other language are links.
func (s *Site) showList(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	a, err := s.askedOf(at, r.URL.Query())
	if err != nil {
		return err
	}
	return s.renderList(w, r, at, http.StatusOK, a, nil)
}

// doSearch takes what was typed and chosen to the address of what it finds. It is posted, because names must not stand in addresses, which are kept in
// histories and logs.
func (s *Site) doSearch(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	a := s.typed(at, form)
	if !form.Failed() {
		if a.filter.Words != "" {
			if a.sealed, err = s.Mandates.SealWords(at.Actor(), a.filter.Words); err != nil {
				return err
			}
		}
		return s.goTo(w, r, "/mandats"+a.query()+"#liste")
	}
	return s.renderList(w, r, at, http.StatusUnprocessableEntity, asked{filter: caseload.Filter{Tab: a.filter.Tab}}, form)
}

func (s *Site) renderList(w http.ResponseWriter, r *http.Request, at *session.Session, status int, a asked, form *page.Form) error {
	listing, err := s.Caseload.List(r.Context(), at.Actor(), a.filter)
	if errors.Is(err, citizen.ErrTooShort) { // an address that no search of ours leads to
		err = page.NewProblem(http.StatusBadRequest, "aidant.problem.bad_list", "/mandats")
	}
	if err != nil {
		return refusal(err)
	}
	if n := a.filter.Page; n > 1 && n > listing.Pages {
		return s.goTo(w, r, "/mandats"+a.at(max(listing.Pages, 1)))
	}
	if form == nil {
		form = page.FilledForm(a.values())
	}
	p := &listPage{Common: page.Common{Title: "list.title", Current: "/mandats", Trail: []page.Link{home}, Form: form, KeepQuery: addressed},
		Tab: a.tab(), Lines: s.lines(listing.Lines), Count: listing.Counts[a.tab()], Page: max(a.filter.Page, 1), Pages: listing.Pages,
		Narrowed: len(a.filter.Kinds()) > 0, Lost: a.lost, Export: a.at(1)}
	p.Filtered = len(a.filter.Kinds()) > 1 || p.Narrowed && a.filter.Words == ""
	for _, name := range caseload.Tabs {
		p.Tabs = append(p.Tabs, tab{name, a.in(name), listing.Counts[name]})
		p.Elsewhere = p.Elsewhere || listing.Counts[name] > 0
	}
	if p.Page > 1 {
		p.Previous = a.at(p.Page - 1)
	}
	if p.Page < p.Pages {
		p.Next = a.at(p.Page + 1)
	}
	if p.Choices, err = s.choices(r, at); err != nil {
		return refusal(err)
	}
	return s.Pages.Render(w, r, status, "aidant/list.html", p)
}
