package aidant

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

type endPage struct {
	page.Common
	Mandate  mandate.Mandate
	Standing bool
	EndedAt  time.Time
	Reason   string // why it ended
	Reasons  []string
	Confirm  bool // the aidant has to give their second factor first
}

// showEnd asks for the reason. One that was chosen before the aidant had to confirm who they are is there again.
func (s *Site) showEnd(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, endPath(id), nil); err != nil {
			return err
		}
	}
	return s.renderEnd(w, r, http.StatusOK, form)
}

func endPath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/fin" }

// doConfirmEnd sends the aidant to give their second factor, and back.
func (s *Site) doConfirmEnd(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	return s.Sessions.SendToStepUp(w, r, endPath(id))
}

// renderEnd asks for the reason, or says that the mandate has ended.
func (s *Site) renderEnd(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, err := s.mandate(r, mandate.PageEnd)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &endPage{Common: page.Common{Title: "aidant.end.title", Current: "/espace", Trail: []page.Link{home, {Href: "/mandats/" + m.ID.String(), Text: "aidant.mandate.title"}}, Form: form},
		Mandate: m, Standing: m.StandsAt(now), Reasons: mandate.Reasons}
	p.EndedAt, p.Reason = ending(m, now)
	p.Confirm = org.Fresh(at.Actor(), now) != nil
	if !p.Standing {
		p.Title = "aidant.end.done_title"
	}
	return s.Pages.Render(w, r, status, "aidant/end.html", p)
}

func (s *Site) doEnd(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	reason := form.Choice("reason", mandate.Reasons...)
	if reason == "" {
		form.Fail("reason", "aidant.end.wrong.reason")
		return s.renderEnd(w, r, http.StatusUnprocessableEntity, form)
	}
	err = s.Mandates.End(r.Context(), at.Actor(), id, reason)
	if errors.Is(err, mandate.ErrFactorTooOld) {
		return s.Sessions.SendFormToStepUp(w, r, endPath(id), form, "reason")
	}
	if err != nil && !errors.Is(err, mandate.ErrEnded) {
		return refusal(err)
	}
	return s.goTo(w, r, endPath(id))
}
