package aidant

import (
	"errors"
	"net/http"

	"mandat/internal/attestation"
	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/decision"
	"mandat/internal/dossier"
	"mandat/internal/draft"
	"mandat/internal/erasure"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/procedure"
	"mandat/internal/receipt"
	"mandat/internal/report"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Site serves the pages of aidants.
type Site struct {
	Pages     *page.Pages
	Sessions  *session.Sessions
	Mandates  *mandate.Register
	Caseload  *caseload.Register
	Drafts    *draft.Register
	Directory *org.Directory
	Catalogue *procedure.Catalogue
	Journal   *journal.Journal
	Press     *attestation.Press
	// Certifications tells what somebody lacks who may not act; nil leaves it to their referent.
	Certifications *certification.Register
	Clock          *clock.Clock
	Phones         *phone.Register
	Reports        *report.Register
	Receipts       *receipt.Register
	Decisions      *decision.Point
	Clients        *client.Registry
	Dossiers       *dossier.Register
	Erasures       *erasure.Register
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get(page.Organisations, page.Account, s.showOrganisations)
	r.Get("/espace", page.Aidant, s.showHome)
	r.Get(refusalsPath, page.Aidant, s.showRefusals)
	r.Get("/mandats/{mandate}", page.Aidant, s.showMandate)
	s.mountPapers(r)
	r.Get("/mandats/{mandate}/preuve.json", page.Aidant, s.sendEvidence)
	r.Post("/mandats/{mandate}/recu", page.Aidant, s.sendReceipt)
	r.Get("/mandats/{mandate}/fin", page.Aidant, s.showEnd)
	r.Post("/mandats/{mandate}/fin", page.Aidant, s.doEnd)
	r.Post("/mandats/{mandate}/confirmation", page.Aidant, s.doConfirmEnd)
	r.Get("/mandats/{mandate}/renouvellement", page.Aidant, s.showRenew)
	r.Post("/mandats/{mandate}/renouvellement", page.Aidant, s.doRenew)
	s.mountUses(r)
	s.mountPhone(r)
	s.mountDossier(r)
	s.mountErasures(r)
	r.Get("/mandats", page.Aidant, s.showList)
	r.Post("/mandats", page.Aidant, s.doSearch)
	r.Get(exportPath, page.Aidant, s.showExport)
	r.Post(exportPath, page.Aidant, s.doExport)
}

// refusal turns what the rules refuse, whatever the page, into words.
func refusal(err error) error {
	if errors.Is(err, draft.ErrNotAllowed) {
		return page.NewProblem(http.StatusConflict, "aidant.problem.not_allowed", "/espace")
	}
	return staff.Right(err)
}

func (s *Site) goTo(w http.ResponseWriter, r *http.Request, path string) error {
	page.Redirect(w, r, path)
	return nil
}

var home = page.Link{Href: "/espace", Text: "page.nav.space"}
