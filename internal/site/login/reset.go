package login

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// resetPage is login/reset.html.
type resetPage struct {
	page.Common
	Other   bool // somebody is signed in here
	Contact Contact
}

// showReset changes nothing: programs that look into mails open links too.
func (s *Site) showReset(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Factors.ReadReset(r.Context(), r.PathValue("token")); err != nil {
		return s.overReset(r, err)
	}
	return s.Pages.Render(w, r, http.StatusOK, "login/reset.html", &resetPage{Common: page.Common{Title: "login.reset.title", NoIndex: true},
		Other: session.From(r.Context()) != nil, Contact: s.Contact})
}

func (s *Site) overReset(r *http.Request, err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return s.refuse(r, uuid.Nil, http.StatusGone, "reset_over")
	}
	return err
}

// doReset opens a session in which the person may add a first factor, and do nothing else.
func (s *Site) doReset(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if session.From(ctx) != nil {
		return s.showReset(w, r)
	}
	reset, err := s.Factors.ReadReset(ctx, r.PathValue("token"))
	if err != nil {
		return s.overReset(r, err)
	}
	person, err := s.Directory.Find(ctx, reset.Person)
	if err != nil {
		return err
	}
	who, err := s.Door.Who(r, person, signin.Way{Method: session.ByReset, First: true})
	if errors.Is(err, signin.ErrSuspended) {
		return s.refuse(r, person.ID, http.StatusForbidden, "suspended")
	}
	if err != nil {
		return s.refuse(r, person.ID, http.StatusForbidden, "no_organisation")
	}
	at, err := s.Sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	var opened session.Opened
	_, err = s.Factors.UseReset(ctx, r.PathValue("token"), func(tx *journal.Tx, _ uuid.UUID) error {
		var err error
		opened, err = s.Door.Enter(ctx, tx, at, who)
		return err
	})
	if err != nil {
		return s.overReset(r, err)
	}
	if err := s.Sessions.Carry(w, r, opened); err != nil {
		return err
	}
	http.Redirect(w, r, session.FirstFactorPath, http.StatusSeeOther)
	return nil
}
