// Package mails serves the page to which the link in each mail to a citizen leads: there they refuse such mails, or take that back. Whoever has the link may; the page
// tells neither whose it is nor which organisation's mails it is about, which the mail says.
package mails

import (
	"errors"
	"net/http"
	"strings"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/throttle"
)

// Site serves the page.
type Site struct {
	Pages *page.Pages
	Mails *citizen.Mails
}

// Mount adds the site's routes. Looking changes nothing: programs that check the links of mails open them.
func (s *Site) Mount(r *page.Router) {
	r.Get("/mails/{token}", page.Public, s.show)
	r.Post("/mails/{token}", page.Public, s.say)
}

type mailsPage struct {
	page.Common
	Choice string // what counts now: citizen.MailsAll and its like
	Path   string
}

func (s *Site) show(w http.ResponseWriter, r *http.Request) error {
	choice, err := s.Mails.Choice(r.Context(), r.PathValue("token"))
	if err != nil {
		return problem(r, err)
	}
	return s.Pages.Render(w, r, http.StatusOK, "mails/mails.html", &mailsPage{Common: page.Common{Title: "mails.title", NoIndex: true}, Choice: choice, Path: r.URL.Path})
}

// formSize is how much of a form is kept in memory: all of it, since the router takes no more.
const formSize = 64 << 10

// say does what the page's button says, or what a mail program asks for by itself when its user refuses mails there (RFC 8058 section 3.2): that one is answered
// with the page, for it follows no redirect.
func (s *Site) say(w http.ResponseWriter, r *http.Request) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") { // which a mail program may send
		if err := r.ParseMultipartForm(formSize); err != nil { //nolint:gosec // the router has bounded the body
			return page.NewProblem(http.StatusBadRequest, "mails.problem.unknown", "/")
		}
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	secret := r.PathValue("token")
	switch {
	case form.Value("List-Unsubscribe") == "One-Click":
		if err := s.Mails.Refuse(r.Context(), secret, "one_click"); err != nil {
			return problem(r, err)
		}
		return s.show(w, r)
	case form.Value("act") == "refuse":
		err = s.Mails.Refuse(r.Context(), secret, "page")
	case form.Value("act") == "resume":
		err = s.Mails.Resume(r.Context(), secret)
	default:
		return page.NewProblem(http.StatusBadRequest, "mails.problem.unknown", "/")
	}
	if err != nil {
		return problem(r, err)
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther) //nolint:gosec // the route that was matched, of this site
	return nil
}

// problem turns what the rules refuse into words; other errors stay as they are.
func problem(r *http.Request, err error) error {
	if late, ok := errors.AsType[throttle.WaitError](err); ok {
		p := page.NewProblem(http.StatusTooManyRequests, "mails.problem.often", "/")
		p.Args = map[string]any{"Time": prose.DateTime(page.Lang(r), late.Until)}
		return p
	}
	if errors.Is(err, db.ErrNotFound) {
		return page.NewProblem(http.StatusNotFound, "mails.problem.gone", "/")
	}
	return err
}
