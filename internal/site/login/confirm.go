package login

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/db"
	"mandat/internal/idp"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// confirmPage is login/confirm.html.
type confirmPage struct {
	page.Common
	Own     bool        // the person has factors of their own: only those are asked for
	Ways    ways        // which
	For     *idp.Asking // the login for whose citizen the factor is asked, nil for nobody in particular
	Wait    time.Time   // until when no code is read; zero: one is
	Service bool        // nobody is chosen yet, and they may go back to the service that sent them
	Contact Contact
}

func (s *Site) showConfirm(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	asking, err := s.Logins.Asking(r.Context(), at, r.URL.Query())
	if err != nil {
		return err
	}
	return s.renderConfirm(w, r, http.StatusOK, asking, given{})
}

func (s *Site) renderConfirm(w http.ResponseWriter, r *http.Request, status int, asking *idp.Asking, g given) error {
	factors, err := s.Factors.Factors(r.Context(), session.From(r.Context()).Person)
	if err != nil {
		return err
	}
	data := &confirmPage{Common: page.Common{Title: "login.confirm.title", Form: g.form}, Own: factors.Any(), Ways: waysOf(factors), For: asking, Wait: g.wait, Contact: s.Contact}
	data.Service = asking == nil && idp.Waits(session.From(r.Context()).ReturnPath)
	if data.Own {
		data.Scripts = passkeys
	} else {
		data.FormOrigins = []string{s.ProConnect.Origin()}
	}
	return s.Pages.Render(w, r, status, "login/confirm.html", data)
}

// doConfirm reads a code, or leads to ProConnect who has no factor of their own.
func (s *Site) doConfirm(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	if _, err := page.ParseForm(r); err != nil {
		return err
	}
	asking, err := s.Logins.Asking(r.Context(), at, r.PostForm)
	if err != nil {
		return err
	}
	f, back := session.Factor{}, signin.Back(at.ReturnPath, at.Home())
	if asking != nil {
		if !asking.Is(r.PostForm) {
			return otherCitizen(asking)
		}
		f.Citizen, back = asking.Citizen, asking.Back()
	}
	own, err := s.Factors.Has(r.Context(), at.Person)
	if err != nil {
		return err
	}
	if !own {
		return s.ProConnect.Confirm(w, r, f.Citizen, back)
	}
	g, err := s.code(r, at.Actor())
	if err != nil {
		return err
	}
	if g.status != 0 {
		return s.renderConfirm(w, r, g.status, asking, g)
	}
	f.Kind, f.At = g.Kind, g.At
	if err := s.stepUp(w, r, at, f); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // a login's page, or one that signin.Back lets pass
	return nil
}

// otherCitizen is the page for a factor that was about to be given for somebody for whom the login is no more: it was chosen for
// somebody else meanwhile, in another tab. Nothing was compared, so that a code counts still.
func otherCitizen(a *idp.Asking) error {
	const key = "login.problem.other_citizen"
	return &page.Problem{Status: http.StatusConflict, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
		Link: a.Back(), LinkText: "login.confirm.back"}
}

func (s *Site) stepUp(w http.ResponseWriter, r *http.Request, at *session.Session, f session.Factor) error {
	err := s.Door.StepUp(w, r, at, f, "")
	if errors.Is(err, db.ErrConflict) {
		return s.refuse(r, at.Person, http.StatusConflict, "moved")
	}
	return err
}
