package aidant

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/page"
	"mandat/internal/report"
	"mandat/internal/site/staff"
)

type reportPage struct {
	page.Common
	Report  report.Report
	Part    report.Part // what of it the page shows
	Before  string      // query of the page before, "" for the first
	Next    string      // query of the next one
	Ended   bool
	Sum     string
	Handed  report.Handed
	Same    bool // what was handed over last is what the page shows
	Changed bool // something was done since the page was shown from which it was to be handed over
}

func reportPath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/compte-rendu" }

// showReport shows the account of everything done with a mandate, to be read with the citizen and printed.
func (s *Site) showReport(w http.ResponseWriter, r *http.Request) error {
	return s.renderReport(w, r, http.StatusOK, false)
}

func (s *Site) renderReport(w http.ResponseWriter, r *http.Request, status int, changed bool) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	after, err := turnedTo(r, afterParam, reportPath(id))
	if err != nil {
		return err
	}
	shown, err := s.Reports.Compose(r.Context(), at.Actor(), id, page.Lang(r))
	if err != nil {
		return refusal(err)
	}
	part, ok := shown.Part(after)
	if !ok {
		return page.NewProblem(http.StatusBadRequest, "uses.problem.bad_page", reportPath(id))
	}
	handed, err := s.Reports.LastHanded(r.Context(), at.Actor(), id)
	if err != nil {
		return err
	}
	ended := shown.Mandate.EndedAt != nil || !s.Clock.Now().Before(shown.Mandate.Until())
	p := &reportPage{Common: page.Common{Title: "uses.report.title", Current: "/espace", Trail: mandateTrail(id), KeepQuery: []string{afterParam}},
		Report: shown, Part: part, Ended: ended, Sum: hex.EncodeToString(shown.SHA256), Handed: handed, Same: bytes.Equal(handed.SHA256, shown.SHA256), Changed: changed}
	if part.Number < part.Of {
		p.Next = turn(afterParam, part.Next)
	}
	if part.Before != uuid.Nil {
		p.Before = turn(afterParam, part.Before)
	}
	return s.Pages.Render(w, r, status, "aidant/report.html", p)
}

// doHandOver notes that the citizen was given the report that the page showed.
func (s *Site) doHandOver(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	sum, err := hex.DecodeString(form.Value("shown"))
	if err == nil {
		err = s.Reports.HandOver(r.Context(), at.Actor(), id, page.Lang(r), sum)
	}
	if _, bad := errors.AsType[hex.InvalidByteError](err); bad || errors.Is(err, hex.ErrLength) || errors.Is(err, report.ErrChanged) {
		return s.renderReport(w, r, http.StatusConflict, true)
	}
	if err != nil {
		return refusal(err)
	}
	page.Redirect(w, r, reportPath(id))
	return nil
}
