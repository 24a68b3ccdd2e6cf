package aidant

import (
	"net/http"

	"mandat/internal/page"
	"mandat/internal/session"
)

type organisationsPage struct {
	page.Common
	Organisations []session.Belonging
}

// showOrganisations lists the organisations of somebody who has several, with the way to each. Which one a page is about stands
// in its address: two of them may be open side by side.
func (s *Site) showOrganisations(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	found, err := s.Sessions.Belongings(r.Context(), at)
	if err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/organisations.html",
		&organisationsPage{Common: page.Common{Title: "aidant.organisations.title", Current: page.Organisations}, Organisations: found})
}
