package aidant

import (
	"context"
	"errors"
	"net/http"
	"time"

	"mandat/internal/certification"
	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

const (
	perPage       = 20
	followedShown = 50
)

type homePage struct {
	page.Common
	GivenName, Organisation string
	Drafts                  []draftLine
	Followed                []mandateLine // in force, that colleagues who left have handed over
	Mandates                []mandateLine
	Listed                  bool   // the list is open: somebody turned its pages
	Older                   string // the query of the next page, "" on the last
	Searched, Full          bool   // a name was looked for; there may be more of that name
	Found                   []mandateLine
	Notice                  string   // i18n key of a message, "" if none
	Why                     string   // why they may not act (org.Why), "" if they may
	Missing                 []string // i18n keys of what they lack for it, as far as it is known
	Closed                  bool     // they may not read of citizens either
}

type draftLine struct {
	draft.Draft
	Step string // where it goes on
}

type mandateLine struct {
	mandate.Summary
	Standing bool
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.renderHome(w, r, at, http.StatusOK, &homePage{})
}

// doSearch finds the mandates in force of somebody by name, for whoever calls or comes back. It is posted, because names
// must not stand in addresses, which are kept in histories and logs.
func (s *Site) doSearch(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	p, status := &homePage{Common: page.Common{Form: form}, Searched: true}, http.StatusOK
	found, full, err := s.Mandates.Search(r.Context(), at.Actor(), form.Text("recherche", 100))
	if errors.Is(err, citizen.ErrTooShort) {
		form.Fail("recherche", "aidant.home.too_short")
		p.Searched, status, err = false, http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return refusal(err)
	}
	p.Found, p.Full = s.lines(found), full
	return s.renderHome(w, r, at, status, p)
}

// lines are mandates as they stand now.
func (s *Site) lines(mandates []mandate.Summary) []mandateLine {
	var out []mandateLine
	for _, m := range mandates {
		out = append(out, mandateLine{m, m.StandsAt(s.Clock.Now())})
	}
	return out
}

func (s *Site) renderHome(w http.ResponseWriter, r *http.Request, at *session.Session, status int, p *homePage) error {
	before, err := cursor(r)
	if err != nil {
		return err
	}
	if p.Why, p.Missing, err = s.lacking(r.Context(), at); err != nil {
		return err
	}
	drafts, err := s.Drafts.List(r.Context(), at.Actor())
	if err != nil && !errors.Is(err, org.ErrMayNot) { // the page says why they may not

		return err
	}
	if err := s.listMandates(r.Context(), at, before, p); err != nil {
		return err
	}
	if p.Notice, err = s.Sessions.Notice(r.Context(), at, "home"); err != nil {
		return err
	}
	p.Title, p.Current, p.KeepQuery = "aidant.home.title", "/espace", []string{"avant"}
	p.GivenName, p.Organisation, p.Listed = at.GivenName, at.OrganisationName, !before.IsZero()
	for _, d := range drafts {
		if d.Person != at.Person {
			continue
		}
		p.Drafts = append(p.Drafts, draftLine{d, staff.Step(d)})
	}
	return s.Pages.Render(w, r, status, "aidant/home.html", p)
}

// listMandates puts the mandates on the page that the aidant may read, or that they may read none.
func (s *Site) listMandates(ctx context.Context, at *session.Session, before time.Time, p *homePage) error {
	followed, err := s.Mandates.FollowedUp(ctx, at.Actor(), followedShown)
	if p.Closed = errors.Is(err, org.ErrMayNot); p.Closed {
		return nil
	}
	if err != nil {
		return err
	}
	mandates, err := s.Mandates.List(ctx, at.Actor(), before, perPage+1)
	if err != nil {
		return err
	}
	if len(mandates) > perPage {
		mandates = mandates[:perPage]
		p.Older = "?avant=" + mandates[perPage-1].SignedAt.UTC().Format(cursorFormat) + "#mandats"
	}
	p.Followed, p.Mandates = s.lines(followed), s.lines(mandates)
	return nil
}

// lacking says why somebody may not act, and what they lack, "" for who may.
func (s *Site) lacking(ctx context.Context, at *session.Session) (why string, missing []string, err error) {
	_, err = s.Directory.Acting(ctx, at.Actor(), s.Clock.Now())
	if !errors.Is(err, org.ErrMayNot) {
		return "", nil, err
	}
	if why = org.Why(err); why != org.WhyNotCertified && why != org.WhyCertificationOver || s.Certifications == nil {
		return why, nil, nil
	}
	c, err := s.Certifications.Of(ctx, at.Person)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return "", nil, err
	}
	switch c.State(s.Clock.Now()) {
	case certification.Passed:
		return why, []string{"aidant.lacks.certificate"}, nil
	case certification.Trained:
		return why, []string{"aidant.lacks.test", "aidant.lacks.certificate"}, nil
	case certification.Suspended:
		return why, []string{"aidant.lacks.resumption"}, nil
	case certification.Expired:
		return why, nil, nil // it may be renewed with or without a training
	}
	return why, []string{"aidant.lacks.training", "aidant.lacks.test", "aidant.lacks.certificate"}, nil
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
		return time.Time{}, page.NewProblem(http.StatusBadRequest, "aidant.problem.bad_list", "/espace")
	}
	return before, nil
}
