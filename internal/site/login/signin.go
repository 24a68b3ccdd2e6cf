package login

import (
	"net/http"

	"mandat/internal/idp"
	"mandat/internal/page"
	"mandat/internal/session"
)

// signInPage is login/signin.html.
type signInPage struct {
	page.Common
	Continue bool   // the browser wanted another page and goes there afterwards
	Service  bool   // that page is a login to a public service, to which they may go back instead
	From     string // what people call that service; "" when it is none
	Ended    string // i18n key of what became of a form that was sent after the session had ended, "" for none
	Contact  Contact
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		return home(w, r, at)
	}
	return s.renderSignIn(w, r, http.StatusOK, nil)
}

func (s *Site) renderSignIn(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at := session.Browser(r.Context())
	data := &signInPage{Common: page.Common{Title: "login.title", Form: form, FormOrigins: []string{s.ProConnect.Origin()}, Scripts: passkeys}, Contact: s.Contact}
	if at != nil {
		data.Ended = at.Ended
	}
	data.Continue = data.Ended == "" && at != nil && at.ReturnPath != "" && at.ReturnPath != "/"
	if data.Continue {
		data.Service = idp.Waits(at.ReturnPath)
		var err error
		if data.From, err = s.Logins.Asker(r.Context(), at.ReturnPath); err != nil {
			return err
		}
	}
	return s.Pages.Render(w, r, status, "login/signin.html", data)
}

// outPage is login/out.html.
type outPage struct{ page.Common }

// showSignedOut says that the session is closed, to somebody for whom that is true.
func (s *Site) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		return home(w, r, at)
	}
	return s.Pages.Render(w, r, http.StatusOK, "login/out.html", &outPage{page.Common{Title: "login.out.title"}})
}
