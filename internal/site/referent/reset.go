package referent

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type resetPage struct {
	page.Common
	Person member
}

// showReset explains what a reset is before one is asked for.
func (s *Site) showReset(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.another(r)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	p := &resetPage{Common: page.Common{Title: "referent.reset.go", Current: home.Href, Trail: trailOf(c.ID)}, Person: s.memberOf(c)}
	return s.Pages.Render(w, r, http.StatusOK, "referent/reset.html", p)
}

func (s *Site) doAskReset(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, "referent.reset.was_asked", func(at *session.Session, person uuid.UUID) error {
		_, err := s.Credentials.AskReset(r.Context(), at.Actor(), person)
		return staff.Often(r, err, "referent.problem.reset_often", personPath(person))
	})
}

// reset decides on the reset that the form names, if it is the one of the person of the path.
func (s *Site) reset(w http.ResponseWriter, r *http.Request, done string, decide func(context.Context, journal.Actor, uuid.UUID) error) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Value("reset"))
	if err != nil {
		return db.ErrNotFound
	}
	return s.act(w, r, done, func(at *session.Session, person uuid.UUID) error {
		open, err := s.Credentials.ResetOf(r.Context(), person)
		switch {
		case err != nil:
			return err
		case open.ID != id:
			return db.ErrNotFound
		}
		return decide(r.Context(), at.Actor(), id)
	})
}
