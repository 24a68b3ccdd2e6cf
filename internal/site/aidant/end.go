package aidant

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/mandate"
	"mandat/internal/page"
)

type endPage struct {
	page.Common
	Mandate  mandate.Mandate
	Standing bool
	EndedAt  time.Time
	Reason   string // why it ended
	Reasons  []string
}

func (s *Site) showEnd(w http.ResponseWriter, r *http.Request) error { return s.renderEnd(w, r, nil) }

// renderEnd asks for the reason, or says that the mandate has ended.
func (s *Site) renderEnd(w http.ResponseWriter, r *http.Request, form *page.Form) error {
	m, _, err := s.mandate(r)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &endPage{Common: page.Common{Title: "aidant.end.title", Current: "/espace", Trail: []page.Link{home, {Href: "/mandats/" + m.ID.String(), Text: "aidant.mandate.title"}}, Form: form},
		Mandate: m, Standing: m.StandsAt(now), Reasons: mandate.Reasons}
	p.EndedAt, p.Reason = ending(m, now)
	status := http.StatusOK
	if form.Failed() {
		status = http.StatusUnprocessableEntity
	}
	if !p.Standing {
		p.Title = "aidant.end.done_title"
	}
	return s.Pages.Render(w, r, status, "aidant/end.html", p)
}

func (s *Site) doEnd(w http.ResponseWriter, r *http.Request) error {
	at, id, err := aidantAnd(r, "mandate")
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
		return s.renderEnd(w, r, form)
	}
	if err := s.Mandates.End(r.Context(), at.Actor(), id, reason); err != nil && !errors.Is(err, mandate.ErrEnded) {
		return refusal(err)
	}
	return s.goTo(w, r, "/mandats/"+id.String()+"/fin")
}
