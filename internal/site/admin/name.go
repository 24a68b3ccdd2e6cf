package admin

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) naming() staff.Naming {
	return staff.Naming{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory, Find: s.named, Path: personPath, Trail: trailOf}
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

func (s *Site) showName(w http.ResponseWriter, r *http.Request) error { return s.naming().Show(w, r) }
func (s *Site) doName(w http.ResponseWriter, r *http.Request) error   { return s.naming().Do(w, r) }

func trailOf(person uuid.UUID) []page.Link {
	return []page.Link{home, persons, {Href: personPath(person), Text: "admin.person.title"}}
}
