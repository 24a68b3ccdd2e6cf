package referent

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

type suspendPage struct {
	page.Common
	leaving
}

// showSuspend says what somebody leaves before they are suspended.
func (s *Site) showSuspend(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.another(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, personPath(c.ID)+"/suspension", nil, func(form *page.Form, status int) error { return s.renderSuspend(w, r, at, c, form, status) })
}

func (s *Site) renderSuspend(w http.ResponseWriter, r *http.Request, at *session.Session, c org.Colleague, form *page.Form, status int) error {
	p := &suspendPage{Common: page.Common{Title: "referent.suspend.title", Current: home.Href, Trail: trailOf(c.ID), Form: form}}
	var err error
	if p.leaving, err = s.leaving(r, at, c); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "referent/suspend.html", p)
}

// doSuspend suspends first, and hands over what is left then: whoever must be kept out is out, whatever becomes of the rest.
func (s *Site) doSuspend(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	var to uuid.UUID
	if form.Value("colleague") != "" {
		if to, err = uuid.Parse(form.Value("colleague")); err != nil || to == c.ID {
			form.Fail("colleague", "referent.left.wrong.colleague")
			return s.renderSuspend(w, r, at, c, form, http.StatusUnprocessableEntity)
		}
	}
	err = s.Directory.SuspendIn(r.Context(), at.Actor(), c.ID)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, personPath(c.ID)+"/suspension", form)
	}
	if err != nil {
		return refusal(err)
	}
	notice := "referent.person.suspended"
	if to != uuid.Nil {
		notice = "referent.person.suspended_handed"
		switch _, err := s.Caseload.HandOver(r.Context(), at.Actor(), c.ID, to); {
		case errors.Is(err, caseload.ErrColleague):
			notice = "referent.person.suspended_not_handed"
		case err != nil:
			return refusal(err)
		}
	}
	return s.acts().Finish(w, r, at, personPath(c.ID), notice)
}
