package aidant

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/dossier"
	"mandat/internal/erasure"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
	"mandat/internal/throttle"
)

// dossierPage is aidant/dossier.html. Of a citizen who asked to be erased it shows no name: they have the reference.
type dossierPage struct {
	page.Common
	Path, Back string            // where the form goes, and the page before
	Identity   *citizen.Identity // nil: of a request
	Request    erasure.Request
	Seen       []string // the ways in which the citizen can have been recognised
}

// kept is whose file is asked for: that of a mandate's citizen, or of a request's.
type kept struct {
	path string
	hand func(ctx context.Context, by journal.Actor, id uuid.UUID, lang, seen string) ([]byte, error)
	show func(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error
}

func dossierPath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/dossier" }

func askedDossierPath(request uuid.UUID) string { return erasurePath(request) + "/dossier" }

// mountDossier adds what is handed to a citizen who asks what is kept about them, also when they asked before to be erased.
func (s *Site) mountDossier(r *page.Router) {
	r.Get("/mandats/{mandate}/dossier", page.Aidant, s.showDossier)
	r.Post("/mandats/{mandate}/dossier", page.Aidant, s.doDossier)
	r.Get(erasuresPath+"/{request}/dossier", page.Aidant, s.showAskedDossier)
	r.Post(erasuresPath+"/{request}/dossier", page.Aidant, s.doAskedDossier)
}

func (s *Site) ofMandate(id uuid.UUID) kept {
	return kept{dossierPath(id), s.Dossiers.HandOver, s.renderDossier}
}

func (s *Site) ofRequest(id uuid.UUID) kept {
	return kept{askedDossierPath(id), s.Dossiers.HandOverAsked, s.renderAskedDossier}
}

// showDossier says what the file will hold, and asks how the citizen was recognised.
func (s *Site) showDossier(w http.ResponseWriter, r *http.Request) error {
	return s.showKept(w, r, "mandate", s.ofMandate)
}

// showAskedDossier is showDossier for a citizen who asked to be erased.
func (s *Site) showAskedDossier(w http.ResponseWriter, r *http.Request) error {
	return s.showKept(w, r, "request", s.ofRequest)
}

func (s *Site) doDossier(w http.ResponseWriter, r *http.Request) error {
	return s.sendKept(w, r, "mandate", s.ofMandate)
}

func (s *Site) doAskedDossier(w http.ResponseWriter, r *http.Request) error {
	return s.sendKept(w, r, "request", s.ofRequest)
}

func (s *Site) showKept(w http.ResponseWriter, r *http.Request, param string, of func(uuid.UUID) kept) error {
	at, id, err := staff.WithID(r, param)
	if err != nil {
		return err
	}
	k := of(id)
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, k.path, nil); err != nil {
			return err
		}
	}
	return k.show(w, r, http.StatusOK, form)
}

func (s *Site) renderDossier(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, _, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	p := &dossierPage{Common: page.Common{Title: "mydata.title", Current: "/espace", Trail: mandateTrail(m.ID), Form: form}, Path: dossierPath(m.ID), Back: "/mandats/" + m.ID.String(), Identity: &m.Identity, Seen: dossier.Seen}
	return s.Pages.Render(w, r, status, "aidant/dossier.html", p)
}

func (s *Site) renderAskedDossier(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at, id, err := staff.WithID(r, "request")
	if err != nil {
		return err
	}
	q, err := s.Erasures.Request(r.Context(), at.Actor(), id)
	if err != nil {
		return refusal(err)
	}
	trail := []page.Link{home, {Href: erasuresPath, Text: "erasing.list.title"}, {Href: erasurePath(id), Text: "erasing.answer.title"}}
	p := &dossierPage{Common: page.Common{Title: "mydata.title", Current: "/espace", Trail: trail, Form: form}, Path: askedDossierPath(id), Back: erasurePath(id), Request: q, Seen: dossier.Seen}
	return s.Pages.Render(w, r, status, "aidant/dossier.html", p)
}

// sendKept sends the file. Its entry is committed before its first byte leaves.
func (s *Site) sendKept(w http.ResponseWriter, r *http.Request, param string, of func(uuid.UUID) kept) error {
	at, id, err := staff.WithID(r, param)
	if err != nil {
		return err
	}
	k := of(id)
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	bundle, err := k.hand(r.Context(), at.Actor(), id, page.Lang(r), form.Choice("seen", dossier.Seen...))
	_, often := errors.AsType[throttle.WaitError](err)
	switch {
	case errors.Is(err, dossier.ErrSeen):
		form.Fail("seen", "mydata.wrong.seen")
		return k.show(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, k.path, form, "seen")
	case often:
		return page.NewProblem(http.StatusTooManyRequests, "mydata.problem.often", k.path)
	case errors.Is(err, dossier.ErrBusy):
		return page.NewProblem(http.StatusServiceUnavailable, "mydata.problem.busy", k.path)
	case err != nil:
		return refusal(err)
	}
	page.SendZIP(w, "mes-donnees.zip", bundle)
	return nil
}
