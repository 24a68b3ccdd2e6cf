package admin

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) limiting() staff.Limiting {
	return staff.Limiting{Acts: s.acts(), Pages: s.Pages, Catalogue: s.Catalogue}
}

// limit is the page on which administrators say what an organisation may do. Its referents limit its people within that.
func (s *Site) limit(r *http.Request) (at *session.Session, id uuid.UUID, now []string, p *staff.LimitPage, err error) {
	if at, id, err = staff.WithID(r, "organisation"); err != nil {
		return nil, id, nil, nil, err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	path := organisationPath(id)
	return at, id, o.Procedures, &staff.LimitPage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, organisations, {Href: path, Text: "admin.organisation.title"}}},
		Whose: "organisation", Name: o.Name, Action: path + "/demarches", Back: path}, err
}

func (s *Site) showLimit(w http.ResponseWriter, r *http.Request) error {
	at, _, now, p, err := s.limit(r)
	if err != nil {
		return err
	}
	return s.limiting().Show(w, r, at, p, now)
}

func (s *Site) doLimit(w http.ResponseWriter, r *http.Request) error {
	at, id, _, p, err := s.limit(r)
	if err != nil {
		return err
	}
	return s.limiting().Do(w, r, at, p, func(chosen []string) error { return s.Directory.LimitOrganisation(r.Context(), at.Actor(), id, chosen) })
}
