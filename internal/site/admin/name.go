package admin

import (
	"net/http"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) naming() staff.Naming {
	return staff.Naming{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory}
}

// named finds the person of the path.
func (s *Site) named(r *http.Request) (*session.Session, org.Person, error) {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return nil, org.Person{}, err
	}
	p, err := s.Directory.Find(r.Context(), id)
	return at, p, err
}

func (s *Site) showName(w http.ResponseWriter, r *http.Request) error {
	at, p, err := s.named(r)
	if err != nil {
		return err
	}
	return s.naming().Show(w, r, at, p, personPath(p.ID), trailOf(p)...)
}

func (s *Site) doName(w http.ResponseWriter, r *http.Request) error {
	at, p, err := s.named(r)
	if err != nil {
		return err
	}
	return s.naming().Do(w, r, at, p, personPath(p.ID), trailOf(p)...)
}

func trailOf(p org.Person) []page.Link {
	return []page.Link{home, persons, {Href: personPath(p.ID), Text: "admin.person.title"}}
}
