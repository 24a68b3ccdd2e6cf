package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// confirmPage is login/confirm.html.
type confirmPage struct {
	page.Common
	Own     bool      // the person has factors of their own: only those are asked for
	Citizen string    // for whom the factor is asked, "" for nobody in particular
	Wait    time.Time // until when no code is read; zero: one is
	Contact Contact
}

func (s *Site) showConfirm(w http.ResponseWriter, r *http.Request) error {
	own, err := s.Factors.Has(r.Context(), session.From(r.Context()).Person)
	if err != nil {
		return err
	}
	return s.renderConfirm(w, r, http.StatusOK, own, given{})
}

func (s *Site) renderConfirm(w http.ResponseWriter, r *http.Request, status int, own bool, g given) error {
	data := &confirmPage{Common: page.Common{Title: "login.confirm.title", Form: g.form}, Own: own, Wait: g.wait, Contact: s.Contact}
	var err error
	if data.Citizen, err = s.citizenOf(r.Context(), session.From(r.Context())); err != nil {
		return err
	}
	if own {
		data.Scripts = passkeys
	} else {
		data.FormOrigins = []string{s.ProConnect.Origin()}
	}
	return s.Pages.Render(w, r, status, "login/confirm.html", data)
}

// citizenOf is the name of the citizen for whom the factor is asked, "" for nobody in particular. The session of this address names one of
// the person's organisations, and the citizen may be of another one.
func (s *Site) citizenOf(ctx context.Context, at *session.Session) (string, error) {
	if at.AskedCitizen == uuid.Nil {
		return "", nil
	}
	person, err := s.Directory.Find(ctx, at.Person)
	if err != nil {
		return "", err
	}
	for _, p := range session.Places(person, "") {
		c, err := s.Citizens.Find(ctx, p.Organisation, at.AskedCitizen)
		if err == nil {
			return c.Identity.FullName(), nil
		}
		if !errors.Is(err, db.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// doConfirm reads a code, or leads to ProConnect who has no factor of their own.
func (s *Site) doConfirm(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	own, err := s.Factors.Has(r.Context(), at.Person)
	if err != nil {
		return err
	}
	if !own {
		return s.ProConnect.Confirm(w, r)
	}
	g, err := s.code(r, at.Person)
	if err != nil {
		return err
	}
	if g.status != 0 {
		return s.renderConfirm(w, r, g.status, own, g)
	}
	if err := s.stepUp(w, r, at, g.Given); err != nil {
		return err
	}
	http.Redirect(w, r, signin.Back(at.ReturnPath, at.Home()), http.StatusSeeOther)
	return nil
}

func (s *Site) stepUp(w http.ResponseWriter, r *http.Request, at *session.Session, g credential.Given) error {
	err := s.Door.StepUp(w, r, at, session.Factor{Kind: g.Kind, At: g.At}, "")
	if errors.Is(err, db.ErrConflict) {
		return s.refuse(r, at.Person, http.StatusConflict, "half_late")
	}
	return err
}
