package aidant

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

const followedShown = 50

type homePage struct {
	page.Common
	GivenName, Organisation string
	Drafts                  []draftLine
	Colleagues              []draftLine   // colleagues' drafts: those that wait for a second colleague come first
	Followed                []mandateLine // in force, that colleagues who left have handed over
	Desk                    caseload.Desk
	Waiting                 waiting  // uses of which an account is owed
	Notice                  string   // i18n key of a message, "" if none
	Why                     string   // why they may not act (org.Why), "" if they may
	Missing                 []string // i18n keys of what they lack for it, as far as it is known
	Closed                  bool     // they may not read of citizens either
}

type draftLine struct {
	draft.Draft
	Step   string // where it goes on
	By     string // of a colleague's: who has it
	Awaits bool   // a second colleague
}

// showHome shows what waits for the aidant: no name but in what was handed over to them, and a field in which to look for one.
func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &homePage{Common: page.Common{Title: "aidant.home.title", Current: "/espace"}, GivenName: at.GivenName, Organisation: at.OrganisationName}
	if p.Why, p.Missing, err = s.lacking(r.Context(), at); err != nil {
		return err
	}
	if err := s.readDrafts(r.Context(), at, p); err != nil {
		return err
	}
	if err := s.readDesk(r.Context(), at, p); err != nil {
		return err
	}
	if p.Waiting, err = s.waiting(r, at); err != nil {
		return err
	}
	if p.Notice, err = s.Sessions.Notice(r.Context(), at, "home"); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/home.html", p)
}

// readDrafts puts on the page what was begun, if the aidant may read of it: the page says why they may not.
func (s *Site) readDrafts(ctx context.Context, at *session.Session, p *homePage) error {
	drafts, err := s.Drafts.List(ctx, at.Actor())
	if err != nil && !errors.Is(err, org.ErrMayNot) {
		return err
	}
	names := map[uuid.UUID]string{}
	for _, d := range drafts {
		if d.Person == at.Person {
			p.Drafts = append(p.Drafts, draftLine{Draft: d, Step: staff.Step(d)})
			continue
		}
		if _, known := names[d.Person]; !known {
			if names[d.Person], err = s.nameOf(ctx, d.Person); err != nil {
				return err
			}
		}
		p.Colleagues = append(p.Colleagues, draftLine{Draft: d, By: names[d.Person], Awaits: staff.AwaitsColleague(d)})
	}
	slices.SortStableFunc(p.Colleagues, func(a, b draftLine) int {
		switch {
		case a.Awaits == b.Awaits:
			return 0
		case a.Awaits:
			return -1
		}
		return 1
	})
	return nil
}

// readDesk puts on the page what the aidant may read of mandates, or that they may read nothing.
func (s *Site) readDesk(ctx context.Context, at *session.Session, p *homePage) error {
	followed, err := s.Caseload.FollowedUp(ctx, at.Actor(), followedShown)
	if p.Closed = errors.Is(err, org.ErrMayNot); p.Closed {
		return nil
	}
	if err != nil {
		return err
	}
	p.Followed = s.lines(followed)
	p.Desk, err = s.Caseload.Desk(ctx, at.Actor())
	return err
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
