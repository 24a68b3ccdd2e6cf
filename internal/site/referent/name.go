package referent

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

func (s *Site) naming() staff.Naming {
	return staff.Naming{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory, Find: s.named, Path: personPath, Trail: trailOf}
}

// named finds the person of the path whose name may be corrected here: who has left is a matter of where they work now, and who works elsewhere too of the
// administration.
func (s *Site) named(r *http.Request) (*session.Session, org.Person, error) {
	at, c, err := s.colleague(r)
	if err == nil && c.State == org.ColleagueLeft {
		err = db.ErrNotFound
	}
	if err == nil && c.Elsewhere {
		err = refusal(org.ErrSeveralPlaces)
	}
	return at, c.Person, err
}

func (s *Site) showName(w http.ResponseWriter, r *http.Request) error { return s.naming().Show(w, r) }
func (s *Site) doName(w http.ResponseWriter, r *http.Request) error   { return s.naming().Do(w, r) }

func trailOf(person uuid.UUID) []page.Link {
	return []page.Link{home, team, {Href: personPath(person), Text: "referent.person.title"}}
}
