package login

import (
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/maillink"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// doAskLink has the same answer for every address: it leads to the page that says so.
func (s *Site) doAskLink(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		return home(w, r, at)
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	email := address(form)
	if form.Failed() {
		return s.renderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if ok, err := s.Sessions.Allow(r); err != nil {
		return err
	} else if !ok {
		return tooMany()
	}
	at, err := s.Sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	if err := s.Links.Request(r.Context(), at, email, signin.From(r), s.Sessions.Device(r).Hash()); err != nil {
		return err
	}
	http.Redirect(w, r, LinkPath, http.StatusSeeOther)
	return nil
}

// tooMany is the page for an address from which too much came; a flood that is kept out writes nothing.
func tooMany() error {
	const key = "login.problem.too_many"
	return &page.Problem{Status: http.StatusTooManyRequests, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
		Link: session.SignInPath, LinkText: "login.retry"}
}

// address reads the field email. What it refuses is no address at all, whoever has which.
func address(form *page.Form) string {
	email := form.Value("email")
	parsed, err := mail.ParseAddress(email)
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case email == "":
		form.Fail("email", "login.way.link.missing")
	case err != nil || parsed.Address != email || len(email) > 254 || !strings.Contains(domain, "."):
		form.Fail("email", "login.way.link.malformed")
	}
	return email
}

// linkSentPage is login/linksent.html.
type linkSentPage struct {
	page.Common
	Contact Contact
}

func (s *Site) showLinkSent(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, http.StatusOK, "login/linksent.html", &linkSentPage{page.Common{Title: "login.link.sent.title"}, s.Contact})
}

// linkPage is login/link.html.
type linkPage struct {
	page.Common
	Elsewhere bool // the link was asked for in another browser
}

// showLink changes nothing: programs that look into mails open links too.
func (s *Site) showLink(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		return home(w, r, at)
	}
	err := s.Links.Look(r.Context(), session.Browser(r.Context()), r.PathValue("token"))
	switch {
	case errors.Is(err, maillink.ErrOver):
		return s.refuse(r, uuid.Nil, http.StatusGone, "link_late")
	case errors.Is(err, maillink.ErrElsewhere):
		return s.Pages.Render(w, r, http.StatusOK, "login/link.html", &linkPage{page.Common{Title: "login.link.elsewhere.title", NoIndex: true}, true})
	case err != nil:
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "login/link.html", &linkPage{page.Common{Title: "login.link.open.title", NoIndex: true}, false})
}

func (s *Site) doUseLink(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		return home(w, r, at)
	}
	opened, err := s.Links.Use(r.Context(), session.Browser(r.Context()), r.PathValue("token"))
	switch {
	case errors.Is(err, maillink.ErrOver), errors.Is(err, db.ErrConflict):
		return s.refuse(r, uuid.Nil, http.StatusGone, "link_late")
	case errors.Is(err, maillink.ErrElsewhere):
		if err := s.Sessions.Note(r.Context(), r, "sign_in.link_elsewhere"); err != nil {
			return err
		}
		return s.Pages.Render(w, r, http.StatusForbidden, "login/link.html", &linkPage{page.Common{Title: "login.link.elsewhere.title", NoIndex: true}, true})
	case err != nil:
		return err
	}
	if err := s.Sessions.Carry(w, r, opened); err != nil {
		return err
	}
	http.Redirect(w, r, FactorPath, http.StatusSeeOther)
	return nil
}
