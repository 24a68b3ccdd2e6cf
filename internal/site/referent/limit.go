package referent

import (
	"net/http"
	"slices"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) limiting() staff.Limiting {
	return staff.Limiting{Acts: s.acts(), Pages: s.Pages, Catalogue: s.Catalogue}
}

// limit is the page that limits what an aidant may do here, within what the organisation may, which administrators say.
func (s *Site) limit(r *http.Request) (*session.Session, org.Colleague, *staff.LimitPage, error) {
	at, c, err := s.colleague(r)
	if err != nil {
		return nil, c, nil, err
	}
	if !slices.Contains(c.Roles, org.RoleAidant) {
		return nil, c, nil, db.ErrNotFound
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	path := personPath(c.ID)
	return at, c, &staff.LimitPage{Common: page.Common{Current: home.Href, Trail: trailOf(c.ID)}, Whose: "person", Name: c.GivenName + " " + c.UsualName,
		Action: path + "/demarches", Back: path, Within: o.Procedures}, err
}

func (s *Site) showLimit(w http.ResponseWriter, r *http.Request) error {
	at, c, p, err := s.limit(r)
	if err != nil {
		return err
	}
	return s.limiting().Show(w, r, at, p, c.Procedures)
}

func (s *Site) doLimit(w http.ResponseWriter, r *http.Request) error {
	at, c, p, err := s.limit(r)
	if err != nil {
		return err
	}
	return s.limiting().Do(w, r, at, p, func(chosen []string) error { return s.Directory.LimitProcedures(r.Context(), at.Actor(), c.ID, chosen) })
}
