package admin

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
)

// reset is a reset of second factors as pages show it.
type reset struct {
	credential.Reset
	Name                string // whose factors they are
	Asker, Approver     string // names
	MayApprove, IsAsker bool
}

func (s *Site) resetOf(r *http.Request, at *session.Session, x credential.Reset) (*reset, error) {
	out := &reset{Reset: x, IsAsker: x.AskedBy == at.Person, MayApprove: x.State == "asked" && x.AskedBy != at.Person && x.Person != at.Person}
	for id, to := range map[uuid.UUID]*string{x.Person: &out.Name, x.AskedBy: &out.Asker, x.ApprovedBy: &out.Approver} {
		if id == uuid.Nil {
			continue
		}
		p, err := s.Directory.Find(r.Context(), id)
		if err != nil {
			return nil, err
		}
		*to = p.GivenName + " " + p.UsualName
	}
	return out, nil
}

func (s *Site) resets(r *http.Request, at *session.Session) ([]*reset, error) {
	open, err := s.Credentials.Resets(r.Context(), uuid.Nil)
	if err != nil {
		return nil, err
	}
	var out []*reset
	for _, x := range open {
		one, err := s.resetOf(r, at, x)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

type resetsPage struct {
	page.Common
	Resets []*reset
	Notice string
}

func (s *Site) listResets(w http.ResponseWriter, r *http.Request) error {
	at, err := signedIn(r)
	if err != nil {
		return err
	}
	p := &resetsPage{Common: page.Common{Title: "admin.resets.title", Current: home.Href, Trail: []page.Link{home}}}
	if p.Resets, err = s.resets(r, at); err != nil {
		return err
	}
	if p.Notice, err = s.Sessions.Notice(r.Context(), at, notices); err != nil {
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
		return err
	})
}

func (s *Site) doConfirmIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.identity(w, r, "referent.identity.confirmed", s.Directory.ConfirmIdentity)
}

func (s *Site) doRefuseIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.identity(w, r, "referent.identity.refused", s.Directory.RefuseIdentity)
}

func (s *Site) identity(w http.ResponseWriter, r *http.Request, done string, decide func(context.Context, journal.Actor, uuid.UUID, string) error) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	return s.onPerson(w, r, done, func(ctx context.Context, by journal.Actor, person uuid.UUID) error {
		return decide(ctx, by, person, form.Value("identity"))
	})
}

func (s *Site) doApproveReset(w http.ResponseWriter, r *http.Request) error {
	return s.onReset(w, r, "referent.reset.was_approved", s.Credentials.ApproveReset)
}

func (s *Site) doRefuseReset(w http.ResponseWriter, r *http.Request) error {
	return s.onReset(w, r, "referent.reset.was_refused", s.Credentials.RefuseReset)
}

func (s *Site) onReset(w http.ResponseWriter, r *http.Request, done string, decide func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := withID(r, "reset")
	if err != nil {
		return err
	}
	return s.press(w, r, at, "/admin/reinitialisations", done, func() error { return decide(r.Context(), at.Actor(), id) })
}
