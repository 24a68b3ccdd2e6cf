package account

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/credential"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

const appPath = "/compte/facteurs/application"

// appPage is account/app.html.
type appPage struct {
	page.Common
	App  credential.App
	Wait time.Time // until when no code is read; zero: one is
	Back string
}

func (s *Site) showApp(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.fresh(w, r, appPath); !ok {
		return err
	}
	return s.renderApp(w, r, http.StatusOK, nil, time.Time{})
}

func (s *Site) renderApp(w http.ResponseWriter, r *http.Request, status int, form *page.Form, wait time.Time) error {
	app, err := s.Factors.StartApp(r.Context(), session.From(r.Context()).Actor())
	if err != nil {
		return err
	}
	data := &appPage{Common: page.Common{Title: "account.app.title", Form: form}, App: app, Wait: wait, Back: back(r)}
	return s.Pages.Render(w, r, status, "account/app.html", data)
}

// back is the page above those that add a factor.
func back(r *http.Request) string {
	if session.From(r.Context()).Enrolling {
		return session.FirstFactorPath
	}
	return FactorsPath
}

func (s *Site) doAddApp(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.fresh(w, r, appPath); !ok {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if form.Value("code") == "" {
		form.Fail("code", "account.code.missing")
		return s.renderApp(w, r, http.StatusUnprocessableEntity, form, time.Time{})
	}
	g, err := s.Factors.ConfirmApp(r.Context(), session.From(r.Context()).Actor(), form.Value("code"), signin.From(r))
	if late, ok := errors.AsType[credential.ErrWait](err); ok {
		return s.renderApp(w, r, http.StatusTooManyRequests, form, late.Until)
	}
	if errors.Is(err, credential.ErrWrong) || errors.Is(err, credential.ErrNoFactor) {
		form.Fail("code", "account.code.wrong")
		return s.renderApp(w, r, http.StatusUnprocessableEntity, form, time.Time{})
	}
	if err != nil {
		return s.again(w, r, err, appPath)
	}
	if err := s.added(w, r, g, "app"); err != nil {
		return err
	}
	http.Redirect(w, r, FactorsPath, http.StatusSeeOther)
	return nil
}
