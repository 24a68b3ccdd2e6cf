package counter

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

// abandonPage is counter/abandon.html, which asks once whether a draft is to be deleted.
type abandonPage struct {
	page.Common
	ID     uuid.UUID
	Draft  *draft.Draft     // nil for who may no longer read it, and may delete it still
	Powers []terms.Outlined // of Draft
	Back   string           // to the draft, or to where one's work begins
}

func (s *Site) showAbandon(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "draft")
	if err != nil {
		return err
	}
	p := &abandonPage{Common: page.Common{Title: "aidant.drop.title", Current: newTerms, Trail: []page.Link{home}}, ID: id, Back: home.Href}
	d, err := s.Drafts.Find(r.Context(), at.Actor(), id)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return draftGone()
	case err != nil:
		if _, ok := errors.AsType[*page.Problem](refusal(err)); !ok {
			return err
		}
	case d.Person != at.Person:
		return colleagues(id)
	case d.State == draft.Signed || d.State == draft.Abandoned:
		return s.goTo(w, r, staff.Step(d))
	default:
		p.Draft, p.Powers, p.Back = &d, d.Terms.Outline(s.Catalogue, s.Clock.Now()), staff.Step(d)
	}
	return s.Pages.Render(w, r, http.StatusOK, "counter/abandon.html", p)
}

func (s *Site) doAbandon(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "draft")
	if err != nil {
		return err
	}
	err = s.Drafts.Abandon(r.Context(), at.Actor(), id)
	if errors.Is(err, draft.ErrState) {
		return draftGone()
	}
	if err != nil {
		return err
	}
	if err := s.Sessions.Notify(r.Context(), at, "home", "aidant.home.abandoned"); err != nil {
		return err
	}
	return s.goTo(w, r, "/espace")
}
