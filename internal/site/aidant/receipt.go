package aidant

import (
	"errors"
	"net/http"

	"mandat/internal/page"
	"mandat/internal/receipt"
	"mandat/internal/site/staff"
)

// sendReceipt makes a receipt for the citizen and sends it as a file. Each is another one, so it is asked for by a button and not by a link.
func (s *Site) sendReceipt(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	text, err := s.Receipts.Issue(r.Context(), at.Actor(), id)
	switch {
	case errors.Is(err, receipt.ErrEnded):
		return page.NewProblem(http.StatusConflict, "recu.problem", "/mandats/"+id.String())
	case err != nil:
		return refusal(err)
	}
	page.SendText(w, "recu-mandat.txt", text+"\n")
	return nil
}
