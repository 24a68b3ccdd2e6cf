package aidant

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/dossier"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
	"mandat/internal/throttle"
)

// dossierPage is aidant/dossier.html.
type dossierPage struct {
	page.Common
	Mandate  uuid.UUID
	Identity citizen.Identity
	Seen     []string // the ways in which the citizen can have been recognised
}

func dossierPath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/dossier" }

// mountDossier adds what is handed to a citizen who asks what is kept about them.
func (s *Site) mountDossier(r *page.Router) {
	r.Get("/mandats/{mandate}/dossier", page.Aidant, s.showDossier)
	r.Post("/mandats/{mandate}/dossier", page.Aidant, s.doDossier)
}

// showDossier says what the file will hold, and asks how the citizen was recognised.
func (s *Site) showDossier(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, dossierPath(id), nil); err != nil {
			return err
		}
	}
	return s.renderDossier(w, r, http.StatusOK, form)
}

func (s *Site) renderDossier(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, _, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	p := &dossierPage{Common: page.Common{Title: "mydata.title", Current: "/espace", Trail: mandateTrail(m.ID), Form: form}, Mandate: m.ID, Identity: m.Identity, Seen: dossier.Seen}
	return s.Pages.Render(w, r, status, "aidant/dossier.html", p)
}

// doDossier sends the file. Its entry is committed before its first byte leaves.
func (s *Site) doDossier(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	bundle, err := s.Dossiers.HandOver(r.Context(), at.Actor(), id, page.Lang(r), form.Choice("seen", dossier.Seen...))
	_, often := errors.AsType[throttle.WaitError](err)
	switch {
	case errors.Is(err, dossier.ErrSeen):
		form.Fail("seen", "mydata.wrong.seen")
		return s.renderDossier(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, dossierPath(id), form, "seen")
	case often:
		return page.NewProblem(http.StatusTooManyRequests, "mydata.problem.often", dossierPath(id))
	case errors.Is(err, dossier.ErrBusy):
		return page.NewProblem(http.StatusServiceUnavailable, "mydata.problem.busy", dossierPath(id))
	case err != nil:
		return refusal(err)
	}
	page.SendZIP(w, "mes-donnees.zip", bundle)
	return nil
}
