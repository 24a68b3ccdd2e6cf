package admin

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// resets are all that are not done yet.
func (s *Site) resets(r *http.Request, at *session.Session) ([]*staff.Reset, error) {
	open, err := s.Credentials.Resets(r.Context(), uuid.Nil)
	if err != nil {
		return nil, err
	}
	return staff.ResetsFor(r.Context(), s.Directory, at, open)
}

type resetsPage struct {
	page.Common
	Resets []*staff.Reset
	Notice string
}

func (s *Site) listResets(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &resetsPage{Common: page.Common{Title: "admin.resets.title", Current: home.Href, Trail: []page.Link{home}}}
	if p.Resets, err = s.resets(r, at); err != nil {
		return err
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/resets.html", p)
}

func (s *Site) showReset(w http.ResponseWriter, r *http.Request) error {
	return s.asking(w, r, "admin.person.reset.", "/reinitialisation")
}

func (s *Site) doAskReset(w http.ResponseWriter, r *http.Request) error {
	return s.onPerson(w, r, "referent.reset.was_asked", func(ctx context.Context, by journal.Actor, person uuid.UUID) error {
		_, err := s.Credentials.AskReset(ctx, by, person)
		return staff.Often(r, err, "referent.problem.reset_often", personPath(person))
	})
}

func (s *Site) doConfirmIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.acts().ConfirmIdentity(w, r, s.Directory, personPath)
}

func (s *Site) doRefuseIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.acts().RefuseIdentity(w, r, s.Directory, personPath)
}

func (s *Site) doApproveReset(w http.ResponseWriter, r *http.Request) error {
	return s.onReset(w, r, "referent.reset.was_approved", s.Credentials.ApproveReset)
}

func (s *Site) doRefuseReset(w http.ResponseWriter, r *http.Request) error {
	return s.onReset(w, r, "referent.reset.was_refused", s.Credentials.RefuseReset)
}

func (s *Site) onReset(w http.ResponseWriter, r *http.Request, done string, decide func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "reset")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, "/admin/reinitialisations", done, func() error { return decide(r.Context(), at.Actor(), id) })
}
