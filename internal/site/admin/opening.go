package admin

import (
	"net/http"

	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) opening() staff.Opening {
	return staff.Opening{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory, Page: s.openingPage}
}

// openingPage is the page on which administrators say when an organisation is open.
func (s *Site) openingPage(r *http.Request) (*session.Session, *staff.OpeningPage, error) {
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return nil, nil, err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	path := organisationPath(id)
	return at, &staff.OpeningPage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, organisations, {Href: path, Text: "admin.organisation.title"}}},
		Organisation: o, Action: path + "/horaires", Back: path}, err
}
