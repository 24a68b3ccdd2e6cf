package referent

import (
	"net/http"

	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

const openingPath = organisationPath + "/horaires"

func (s *Site) opening() staff.Opening {
	return staff.Opening{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory, Page: s.openingPage}
}

// openingPage is the page on which the referent says when the organisation is open.
func (s *Site) openingPage(r *http.Request) (*session.Session, *staff.OpeningPage, error) {
	at, err := staff.SignedIn(r)
	if err != nil {
		return nil, nil, err
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	return at, &staff.OpeningPage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, {Href: organisationPath, Text: "referent.organisation.title"}}},
		Organisation: o, Action: openingPath, Back: organisationPath}, err
}
