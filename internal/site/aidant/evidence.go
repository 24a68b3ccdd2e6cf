package aidant

import (
	"errors"
	"net/http"

	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// sendEvidence sends the file that shows how the mandate was agreed and signed. Who has to give their second factor first comes back to the
// mandate's page.
func (s *Site) sendEvidence(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	file, err := s.Mandates.Evidence(r.Context(), at.Actor(), id)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.Sessions.SendToStepUp(w, r, "/mandats/"+id.String())
	case errors.Is(err, mandate.ErrNoEvidence):
		return page.NewProblem(http.StatusNotFound, "sign.evidence.none", "/mandats/"+id.String())
	case err != nil:
		return refusal(err)
	}
	page.SendJSON(w, "preuve-mandat.json", file)
	return nil
}
