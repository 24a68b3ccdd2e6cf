package aidant

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/site/staff"
)

type attestationPage struct {
	page.Common
	Mandate  mandate.Mandate
	Standing bool
	EndedAt  time.Time
	Words    []attestation.Block // what the PDF says
	Code     attestation.Code    // leads to the public status page
}

// showAttestation shows the attestation to print. The first time, it is issued.
func (s *Site) showAttestation(w http.ResponseWriter, r *http.Request) error {
	m, at, err := s.mandate(r, mandate.PageAttestation)
	if err != nil {
		return err
	}
	document, err := s.Press.Issue(r.Context(), at.Actor(), attestation.Sheet{Mandate: m.ID, Kind: attestation.Given, Lang: page.Lang(r)}, mandate.PageAttestation)
	if err != nil {
		return unprintable(err, m.ID)
	}
	now := s.Clock.Now()
	p := &attestationPage{Common: page.Common{Title: "aidant.attestation.title", Current: "/espace", Trail: []page.Link{home, {Href: "/mandats/" + m.ID.String(), Text: "aidant.mandate.title"}}},
		Mandate: m, Standing: m.StandsAt(now), Words: document.Words}
	p.EndedAt, _ = ending(m, now)
	if p.Code, err = attestation.NewCode(document.StatusURL); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/attestation.html", p)
}

// sendAttestation sends the kept bytes of the sealed PDF.
func (s *Site) sendAttestation(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	document, err := s.Press.Issue(r.Context(), at.Actor(), attestation.Sheet{Mandate: id, Kind: attestation.Given, Lang: page.Lang(r)}, mandate.PageDocument)
	if err != nil {
		return unprintable(err, id)
	}
	page.SendPDF(w, "attestation-mandat.pdf", document.Bytes)
	return nil
}

// unprintable explains that the document's font lacks a letter of what was agreed. The mandate stands without a document.
func unprintable(err error, id uuid.UUID) error {
	if _, ok := errors.AsType[*pdf.UnprintableError](err); ok {
		return page.NewProblem(http.StatusUnprocessableEntity, "aidant.problem.unprintable", "/mandats/"+id.String())
	}
	return refusal(err)
}
