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

const (
	cardPath   = "/compte/facteurs/carte"
	resyncPath = "/compte/facteurs/carte/heure"
)

// cardPage is account/card.html and account/resync.html.
type cardPage struct {
	page.Common
	Wait time.Time // until when no code is read; zero: one is
	Back string
}

func (s *Site) showCard(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.fresh(w, r, cardPath); !ok {
		return err
	}
	form, err := s.Sessions.KeptForm(r, cardPath, nil)
	if err != nil {
		return err
	}
	return s.renderCard(w, r, http.StatusOK, "account/card.html", form, time.Time{})
}

func (s *Site) renderCard(w http.ResponseWriter, r *http.Request, status int, name string, form *page.Form, wait time.Time) error {
	title := map[string]string{"account/card.html": "account.card.title", "account/resync.html": "account.resync.title"}[name]
	return s.Pages.Render(w, r, status, name, &cardPage{page.Common{Title: title, Form: form}, wait, back(r)})
}

func (s *Site) doAddCard(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if ok, err := s.ready(w, r, cardPath, form, "serial"); !ok {
		return err
	}
	if form.Value("serial") == "" {
		form.Fail("serial", "account.card.serial_missing")
	}
	if form.Value("code") == "" {
		form.Fail("code", "account.code.missing")
	}
	if form.Failed() {
		return s.renderCard(w, r, http.StatusUnprocessableEntity, "account/card.html", form, time.Time{})
	}
	g, err := s.Factors.AddCard(r.Context(), session.From(r.Context()).Actor(), form.Value("serial"), form.Value("code"), form.Value("second"), signin.From(r))
	if late, ok := errors.AsType[credential.ErrWait](err); ok {
		return s.renderCard(w, r, http.StatusTooManyRequests, "account/card.html", form, late.Until)
	}
	if errors.Is(err, credential.ErrWrong) {
		form.Fail("serial", "account.card.wrong")
		return s.renderCard(w, r, http.StatusUnprocessableEntity, "account/card.html", form, time.Time{})
	}
	if err != nil {
		return s.stale(w, r, err, cardPath, form, "serial")
	}
	if err := s.added(w, r, g, "card"); err != nil {
		return err
	}
	http.Redirect(w, r, FactorsPath, http.StatusSeeOther)
	return nil
}

func (s *Site) showResync(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	return s.renderCard(w, r, http.StatusOK, "account/resync.html", nil, time.Time{})
}

// doResync needs no fresh factor: two codes of the card are one.
func (s *Site) doResync(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	person := session.From(r.Context()).Person
	device, err := s.Sessions.Known(r, person)
	if err != nil {
		return err
	}
	_, err = s.Factors.Resync(r.Context(), person, form.Value("first"), form.Value("second"), signin.From(r), device)
	if late, ok := errors.AsType[credential.ErrWait](err); ok {
		return s.renderCard(w, r, http.StatusTooManyRequests, "account/resync.html", form, late.Until)
	}
	if errors.Is(err, credential.ErrWrong) {
		form.Fail("first", "account.resync.wrong")
		return s.renderCard(w, r, http.StatusUnprocessableEntity, "account/resync.html", form, time.Time{})
	}
	if err != nil {
		return err
	}
	return s.done(w, r, FactorsPath, "resync")
}
