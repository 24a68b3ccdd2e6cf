package counter

import (
	"errors"
	"net/http"

	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type identityPage struct {
	page.Common
	Draft      draft.Draft
	Identified bool
	Refused    string // key of what FranceConnect answered, or of why to do it again; "" at first
}

func (s *Site) showIdentity(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if d.State == draft.Signed || d.State == draft.Abandoned {
		return s.goTo(w, r, staff.Step(d))
	}
	refused, err := s.Sessions.Notice(r.Context(), at, noticeFor(d))
	if err != nil {
		return err
	}
	p := &identityPage{Common: page.Common{Title: "aidant.identity.title", Current: "/mandats/nouveau", Trail: trail(d)[:2], FormOrigins: []string{s.FranceConnect}},
		Draft: d, Identified: d.State == draft.Identified, Refused: refused}
	return s.Pages.Render(w, r, http.StatusOK, "counter/identity.html", p)
}

// noticeFor names a draft among the session's notices.
func noticeFor(d draft.Draft) string { return "draft:" + d.ID.String() }

// trail is the way back from the last step of a draft.
func trail(d draft.Draft) []page.Link {
	return []page.Link{home, {Href: "/brouillons/" + d.ID.String(), Text: "aidant.terms.title"}, {Href: "/brouillons/" + d.ID.String() + "/identite", Text: "aidant.identity.title"}}
}

// identifyAgain leads back to the identification and says why.
func (s *Site) identifyAgain(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, why string) error {
	if err := s.Sessions.Notify(r.Context(), at, noticeFor(d), why); err != nil {
		return err
	}
	return s.goTo(w, r, "/brouillons/"+d.ID.String()+"/identite")
}

func (s *Site) doDropIdentity(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	err = s.Drafts.DropIdentity(r.Context(), at.Actor(), d.ID)
	if errors.Is(err, draft.ErrState) || errors.Is(err, draft.ErrSigned) {
		return s.goTo(w, r, staff.Step(d))
	}
	if err != nil {
		return refusal(err)
	}
	return s.identifyAgain(w, r, at, d, "aidant.refused.dropped")
}
