package aidant

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/erasure"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// askErasurePage is aidant/ask_erasure.html.
type askErasurePage struct {
	page.Common
	Mandate  uuid.UUID
	Identity citizen.Identity
	Standing int // mandates that end first
	Years    int
}

// erasurePage is aidant/erasure.html: the answer to a citizen, to be printed for them.
type erasurePage struct {
	page.Common
	Request erasure.Request
	Due     bool // its time has come
	Years   int
}

// erasuresPage is aidant/erasures.html.
type erasuresPage struct {
	page.Common
	Requests []erasure.Request
}

const erasuresPath = "/effacements"

func askErasurePath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/effacement" }

func erasurePath(request uuid.UUID) string { return erasuresPath + "/" + request.String() }

// mountErasures adds what citizens ask who want to be forgotten.
func (s *Site) mountErasures(r *page.Router) {
	r.Get("/mandats/{mandate}/effacement", page.Aidant, s.showAskErasure)
	r.Post("/mandats/{mandate}/effacement", page.Aidant, s.doAskErasure)
	r.Get(erasuresPath, page.Aidant, s.showErasures)
	r.Get(erasuresPath+"/{request}", page.Aidant, s.showErasure)
	r.Post(erasuresPath+"/{request}", page.Aidant, s.doTakeErasureBack)
}

// showAskErasure says what is erased and when, and what ends first.
func (s *Site) showAskErasure(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, askErasurePath(id), nil); err != nil {
			return err
		}
	}
	return s.renderAskErasure(w, r, http.StatusOK, form)
}

func (s *Site) renderAskErasure(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	p := &askErasurePage{Common: page.Common{Title: "erasing.ask.title", Current: "/espace", Trail: mandateTrail(m.ID), Form: form}, Mandate: m.ID, Identity: m.Identity, Years: erasure.Years}
	if p.Standing, err = s.Mandates.Others(r.Context(), at.Actor(), m.ID); err != nil {
		return err
	}
	if ended, _ := ending(m, s.Clock.Now()); ended.IsZero() {
		p.Standing++
	}
	return s.Pages.Render(w, r, status, "aidant/ask_erasure.html", p)
}

// doAskErasure ends what stands, if the aidant was told that it ends, and notes what the citizen asks.
func (s *Site) doAskErasure(w http.ResponseWriter, r *http.Request) error {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if !form.Ticked("asked") {
		form.Fail("asked", "erasing.wrong.asked")
		return s.renderAskErasure(w, r, http.StatusUnprocessableEntity, form)
	}
	q, err := s.askErasure(r.Context(), at.Actor(), m.Citizen, form.Ticked("ends"))
	switch {
	case errors.Is(err, erasure.ErrStands):
		form.Fail("ends", "erasing.wrong.ends")
		return s.renderAskErasure(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, askErasurePath(m.ID), form, "asked", "ends")
	case err != nil:
		return refusal(err)
	}
	return s.goTo(w, r, erasurePath(q.ID))
}

// askErasure ends the mandates that stand, when it may, by acts of their own: each of them counts even if what comes after fails.
func (s *Site) askErasure(ctx context.Context, by journal.Actor, citizen uuid.UUID, ends bool) (erasure.Request, error) {
	q, err := s.Erasures.Ask(ctx, by, citizen)
	stands, ok := errors.AsType[*erasure.StandsError](err)
	if !ok || !ends {
		return q, err
	}
	for _, id := range stands.Mandates {
		if err := s.Mandates.End(ctx, by, id, "citizen"); err != nil {
			return q, err
		}
	}
	return s.Erasures.Ask(ctx, by, citizen)
}

// showErasure is the answer: what was asked, why it is not done at once, and when it is.
func (s *Site) showErasure(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "request")
	if err != nil {
		return err
	}
	q, err := s.Erasures.Request(r.Context(), at.Actor(), id)
	if err != nil {
		return refusal(err)
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/erasure.html", s.erasurePage(q, s.Clock.Now()))
}

func (s *Site) erasurePage(q erasure.Request, now time.Time) *erasurePage {
	return &erasurePage{Common: page.Common{Title: "erasing.answer.title", Current: "/espace", Trail: []page.Link{home, {Href: erasuresPath, Text: "erasing.list.title"}}},
		Request: q, Due: !q.DueAt.After(now), Years: erasure.Years}
}

// doTakeErasureBack notes that the citizen does not want it any more.
func (s *Site) doTakeErasureBack(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "request")
	if err != nil {
		return err
	}
	err = s.Erasures.TakeBack(r.Context(), at.Actor(), id)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.Sessions.SendToStepUp(w, r, erasurePath(id))
	}
	if err != nil {
		return refusal(err)
	}
	return s.goTo(w, r, erasuresPath)
}

// showErasures lists what was asked and is not done yet, without a name: a citizen has the reference.
func (s *Site) showErasures(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	all, err := s.Erasures.Requests(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/erasures.html", &erasuresPage{Common: page.Common{Title: "erasing.list.title", Current: "/espace", Trail: []page.Link{home}}, Requests: all})
}
