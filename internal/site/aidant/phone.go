package aidant

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// mountPhone adds what is about the telephone number of a mandate's citizen.
func (s *Site) mountPhone(r *page.Router) {
	r.Get("/mandats/{mandate}/telephone", page.Aidant, s.showPhone)
	r.Post("/mandats/{mandate}/telephone", page.Aidant, s.doPhone)
	r.Post("/mandats/{mandate}/telephone/code", page.Aidant, s.doPhoneCode)
	r.Post("/mandats/{mandate}/telephone/retrait", page.Aidant, s.doPhoneRemove)
	r.Get("/mandats/{mandate}/telephone/exception", page.Aidant, s.showPhoneException)
	r.Post("/mandats/{mandate}/telephone/exception", page.Aidant, s.doPhoneException)
}

func phonePath(mandate uuid.UUID) string     { return "/mandats/" + mandate.String() + "/telephone" }
func exceptionPath(mandate uuid.UUID) string { return phonePath(mandate) + "/exception" }

// phonePage is aidant/phone.html.
type phonePage struct {
	page.Common
	Mandate   uuid.UUID
	Identity  citizen.Identity
	Ready     bool // codes can be sent
	Verified  *phone.Number
	Asked     *phone.Number
	CodeSent  bool // and the actor may type it
	Mine      bool // the actor entered what waits
	Again     bool // a code was sent, and counts no more
	Done      bool // the number was verified on the page before
	Wrong     bool // the code was wrong, and none can be typed now
	EnteredBy string
}

// exceptionPage is aidant/phone_exception.html.
type exceptionPage struct {
	page.Common
	Mandate   uuid.UUID
	Identity  citizen.Identity
	Asked     *phone.Number // nil: nothing waits for a colleague
	Mine      bool
	Wrong     bool // the actor tried to allow what they entered
	Allowed   bool // the actor has allowed what was asked: the code is on its way
	EnteredBy string
	Max       int
}

func phoneTrail(mandate uuid.UUID) []page.Link {
	return []page.Link{home, {Href: "/mandats/" + mandate.String(), Text: "aidant.mandate.title"}}
}

func (s *Site) showPhone(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, phonePath(id), nil); err != nil {
			return err
		}
	}
	return s.renderPhone(w, r, http.StatusOK, form)
}

func (s *Site) renderPhone(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, numbers, err := s.phones(r)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &phonePage{Common: page.Common{Title: "telephone.title", Current: "/espace", Trail: phoneTrail(m.ID), Form: form}, Mandate: m.ID, Identity: m.Identity, Ready: s.Phones.Ready(),
		Verified: numbers.Verified, Asked: numbers.Asked}
	if a := numbers.Asked; a != nil {
		p.Mine = a.AskedBy == at.Person
		p.CodeSent, p.Again = p.Mine && a.CodeSent(now), !a.NeedsColleague() && !a.CodeSent(now)
		if p.EnteredBy, err = s.nameOf(r.Context(), a.AskedBy); err != nil {
			return err
		}
	}
	if form.Mistake("code") != "" && !p.CodeSent {
		p.Form, p.Wrong = nil, true
	}
	notice, err := s.Sessions.Notice(r.Context(), at, "phone:"+m.ID.String())
	if err != nil {
		return err
	}
	p.Done = notice != "" && p.Verified != nil
	return s.Pages.Render(w, r, status, "aidant/phone.html", p)
}

// phones finds the mandate of the path and what is known of its citizen's telephone.
func (s *Site) phones(r *http.Request) (mandate.Mandate, *session.Session, phone.Numbers, error) {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return m, at, phone.Numbers{}, err
	}
	numbers, err := s.Phones.Of(r.Context(), at.Actor(), m.Citizen)
	return m, at, numbers, refusal(err)
}

// doPhone takes the number that the citizen gives.
func (s *Site) doPhone(w http.ResponseWriter, r *http.Request) error {
	m, at, form, err := s.sentPhone(r)
	if err != nil {
		return err
	}
	err = s.Phones.Ask(r.Context(), at.Actor(), m.Citizen, form.Value("number"))
	switch {
	case errors.Is(err, phone.ErrNotHere):
		form.Fail("number", "telephone.wrong.not_here")
		return s.renderPhone(w, r, http.StatusConflict, form)
	case errors.Is(err, phone.ErrNumber):
		form.Fail("number", "telephone.wrong.number")
		return s.renderPhone(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, phone.ErrTooOften):
		form.Fail("number", "telephone.wrong.too_often")
		return s.renderPhone(w, r, http.StatusTooManyRequests, form)
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, phonePath(m.ID), form, "number")
	case err != nil && !errors.Is(err, phone.ErrBarred): // which the page says
		return refusal(err)
	}
	return s.goTo(w, r, phonePath(m.ID))
}

func (s *Site) sentPhone(r *http.Request) (mandate.Mandate, *session.Session, *page.Form, error) {
	form, err := page.ParseForm(r)
	if err != nil {
		return mandate.Mandate{}, nil, nil, err
	}
	m, at, err := s.mandate(r, mandate.PageMandate)
	return m, at, form, err
}

// doPhoneCode takes the code that the citizen reads out.
func (s *Site) doPhoneCode(w http.ResponseWriter, r *http.Request) error {
	m, at, form, err := s.sentPhone(r)
	if err != nil {
		return err
	}
	err = s.Phones.Verify(r.Context(), at.Actor(), m.Citizen, form.Value("code"))
	switch {
	case errors.Is(err, phone.ErrNotShown):
		form.Fail("code", "telephone.wrong.code")
		return s.renderPhone(w, r, http.StatusUnprocessableEntity, form)
	case err == nil:
		if err := s.Sessions.Notify(r.Context(), at, "phone:"+m.ID.String(), "telephone.done"); err != nil {
			return err
		}
	case !errors.Is(err, phone.ErrBarred):
		return refusal(err)
	}
	return s.goTo(w, r, phonePath(m.ID))
}

func (s *Site) doPhoneRemove(w http.ResponseWriter, r *http.Request) error {
	m, at, _, err := s.sentPhone(r)
	if err != nil {
		return err
	}
	if err := s.Phones.Remove(r.Context(), at.Actor(), m.Citizen); err != nil && !errors.Is(err, db.ErrNotFound) {
		return refusal(err)
	}
	return s.goTo(w, r, phonePath(m.ID))
}

// showPhoneException is the colleague's page: who asks for what, and the reason that they have to give.
func (s *Site) showPhoneException(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, exceptionPath(id), nil); err != nil {
			return err
		}
	}
	return s.renderException(w, r, http.StatusOK, form)
}

func (s *Site) renderException(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, numbers, err := s.phones(r)
	if err != nil {
		return err
	}
	p := &exceptionPage{Common: page.Common{Title: "telephone.exception.title", Current: "/espace", Trail: append(phoneTrail(m.ID), page.Link{Href: phonePath(m.ID), Text: "telephone.title"}), Form: form},
		Mandate: m.ID, Identity: m.Identity, Max: phone.ReasonMax}
	if a := numbers.Asked; a != nil && (a.NeedsColleague() || a.Colleague == at.Person) {
		if a.NeedsColleague() {
			p.Asked, p.Mine = a, a.AskedBy == at.Person
		}
		p.Allowed = p.Asked == nil && a.CodeSent(s.Clock.Now())
		if p.EnteredBy, err = s.nameOf(r.Context(), a.AskedBy); err != nil {
			return err
		}
	}
	if p.Asked == nil || p.Mine {
		p.Form, p.Wrong = nil, p.Mine && form.Mistake("reason") != ""
	}
	return s.Pages.Render(w, r, status, "aidant/phone_exception.html", p)
}

func (s *Site) doPhoneException(w http.ResponseWriter, r *http.Request) error {
	m, at, form, err := s.sentPhone(r)
	if err != nil {
		return err
	}
	err = s.Phones.Allow(r.Context(), at.Actor(), m.Citizen, form.Value("reason"))
	switch {
	case errors.Is(err, phone.ErrReason):
		form.Fail("reason", "telephone.wrong.reason")
		return s.renderException(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, phone.ErrSecret):
		form.Fail("reason", "telephone.wrong.secret")
		return s.renderException(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, phone.ErrSamePerson):
		form.Fail("reason", "telephone.wrong.same_person")
		return s.renderException(w, r, http.StatusConflict, form)
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, exceptionPath(m.ID), form, "reason")
	case err != nil && !errors.Is(err, db.ErrNotFound): // done already, which the page says
		return refusal(err)
	}
	return s.goTo(w, r, exceptionPath(m.ID))
}
