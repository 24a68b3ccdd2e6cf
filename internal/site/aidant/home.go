package aidant

import (
	"net/http"
	"time"

	"mandat/internal/mandate"
	"mandat/internal/page"
)

const perPage = 20

type homePage struct {
	page.Common
	GivenName, Organisation string
	Drafts                  []draftLine
	Mandates                []mandateLine
	Listed                  bool   // the list is open: somebody turned its pages
	Older                   string // the query of the next page, "" on the last
	Notice                  string // i18n key of a message, "" if none
}

type draftLine struct {
	mandate.Draft
	Step string // where it goes on
}

type mandateLine struct {
	mandate.Summary
	Standing bool
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	at, err := aidantOf(r)
	if err != nil {
		return err
	}
	before, err := cursor(r)
	if err != nil {
		return err
	}
	drafts, err := s.Mandates.Drafts(r.Context(), at.Actor())
	if err != nil {
		return err
	}
	mandates, err := s.Mandates.List(r.Context(), at.Actor(), before, perPage+1)
	if err != nil {
		return err
	}
	notice, err := s.Sessions.Notice(r.Context(), at, "home")
	if err != nil {
		return err
	}
	p := &homePage{Common: page.Common{Title: "aidant.home.title", Current: "/espace", KeepQuery: []string{"avant"}}, GivenName: at.GivenName, Organisation: at.OrganisationName,
		Listed: !before.IsZero(), Notice: notice}
	for _, d := range drafts {
		p.Drafts = append(p.Drafts, draftLine{d, step(d)})
	}
	if len(mandates) > perPage {
		mandates = mandates[:perPage]
		p.Older = "?avant=" + mandates[perPage-1].SignedAt.UTC().Format(cursorFormat) + "#mandats"
	}
	for _, m := range mandates {
		p.Mandates = append(p.Mandates, mandateLine{m, m.StandsAt(s.Clock.Now())})
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/home.html", p)
}

// cursorFormat is how the last line of a page is named in the link to the next: the microsecond of its signature.
const cursorFormat = "20060102T150405.000000"

func cursor(r *http.Request) (time.Time, error) {
	text := r.URL.Query().Get("avant")
	if text == "" {
		return time.Time{}, nil
	}
	before, err := time.Parse(cursorFormat, text)
	if err != nil {
		return time.Time{}, problem(http.StatusBadRequest, "aidant.problem.bad_list", "/espace")
	}
	return before, nil
}
