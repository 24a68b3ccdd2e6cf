package aidant

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/decision"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

const refusalsPath = "/espace/refus"

// refusalsPage tells an aidant what was refused to them and why, which no service is told.
type refusalsPage struct {
	page.Common
	Refusals []refusalLine
	Most     bool // there may be more than are shown
}

// refusalLine is a refusal in words. Why is the end of the keys that say the reason and what to do.
type refusalLine struct {
	decision.Refusal
	Procedure, Why string // Procedure is called as people read it, "" for one that the catalogue has not
	Linked         bool   // the mandate may be looked at
}

// showRefusals shows what was refused to the aidant in the last 30 days: GET /espace/refus.
func (s *Site) showRefusals(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	refusals, err := s.Decisions.Refusals(r.Context(), at.Actor())
	if err != nil {
		return err
	}
	p := &refusalsPage{Common: page.Common{Title: "refusals.title", Current: "/espace", Trail: []page.Link{home}}, Most: len(refusals) == decision.MostShown}
	for _, refusal := range refusals {
		p.Refusals = append(p.Refusals, s.refusalLine(refusal, page.Lang(r)))
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/refusals.html", p)
}

func (s *Site) refusalLine(refusal decision.Refusal, lang string) refusalLine {
	line := refusalLine{Refusal: refusal, Why: why(refusal), Linked: refusal.Named && refusal.Mandate != uuid.Nil}
	if known, ok := s.Catalogue.Find(refusal.Procedure); ok {
		line.Procedure = known.Name.In(lang)
	}
	return line
}

// why says which words a reason has. Reasons that an aidant can do nothing about have the same.
func why(r decision.Refusal) string {
	if !r.Login {
		return r.Reason
	}
	switch r.Reason {
	case "no_power", "not_allowed", "aidant_inactive", "session_over", "no_email":
		return r.Reason
	case "code_expired", "token_expired":
		return "late"
	}
	return "technical"
}
