package admin

import (
	"net/http"

	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) opening() staff.Opening {
	return staff.Opening{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory}
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

func (s *Site) showOpening(w http.ResponseWriter, r *http.Request) error {
	at, p, err := s.openingPage(r)
	if err != nil {
		return err
	}
	return s.opening().Show(w, r, at, p)
}

func (s *Site) doOpening(w http.ResponseWriter, r *http.Request) error {
	at, p, err := s.openingPage(r)
	if err != nil {
		return err
	}
	return s.opening().Do(w, r, at, p)
}
