package referent

import (
	"net/http"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// named finds the person of the path whose name may be corrected here: who has left is a matter of where they work now.
func (s *Site) named(r *http.Request) (*session.Session, org.Colleague, error) {
	at, c, err := s.colleague(r)
	if err == nil && c.State == org.ColleagueLeft {
		err = db.ErrNotFound
	}
	return at, c, err
}

func (s *Site) naming() staff.Naming {
	return staff.Naming{Acts: s.acts(), Pages: s.Pages, Directory: s.Directory}
}

func (s *Site) showName(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.named(r)
	if err != nil {
		return err
	}
	return s.naming().Show(w, r, at, c.Person, personPath(c.ID), trailOf(c)...)
}

func (s *Site) doName(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.named(r)
	if err != nil {
		return err
	}
	return s.naming().Do(w, r, at, c.Person, personPath(c.ID), trailOf(c)...)
}

func trailOf(c org.Colleague) []page.Link {
	return []page.Link{home, team, {Href: personPath(c.ID), Text: "referent.person.title"}}
}
