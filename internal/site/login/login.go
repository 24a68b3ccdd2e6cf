// Package login is the way in and out for professionals: the page with the ProConnect button, the page that asks for the
// second factor again, the return from ProConnect, and signing out. What decides who comes in is in package proconnect.
package login

import (
	"net/http"
	"strings"

	"mandat/internal/page"
	"mandat/internal/proconnect"
	"mandat/internal/session"
)

// Contact is whom to call when signing in fails.
type Contact struct{ Phone, Email string }

// Dial is the number as a telephone takes it, without spaces (RFC 3966).
func (c Contact) Dial() string { return strings.ReplaceAll(c.Phone, " ", "") }

// Site is these pages.
type Site struct {
	pages   *page.Pages
	rp      *proconnect.RP
	contact Contact
}

// New returns the pages.
func New(pages *page.Pages, rp *proconnect.RP, contact Contact) *Site {
	return &Site{pages: pages, rp: rp, contact: contact}
}

// Mount declares the routes.
func (s *Site) Mount(r *page.Router) {
	r.Get(session.SignInPath, page.Browser, s.showSignIn)
	r.Post("/connexion/proconnect", page.Browser, s.rp.Start)
	r.Get("/connexion/proconnect/retour", page.Browser, s.rp.Callback)
	r.Get(session.ConfirmPath, page.Aidant, s.showConfirm)
	r.Post(session.ConfirmPath, page.Aidant, s.rp.Confirm)
	r.Post(proconnect.SignedOutPath, page.Browser, s.rp.SignOut)
	r.Get(proconnect.SignedOutPath, page.Browser, s.showSignedOut)
}

// signInPage is login/signin.html.
type signInPage struct {
	page.Common
	Continue bool // the browser wanted another page and goes there afterwards
	Contact  Contact
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		http.Redirect(w, r, at.Home(), http.StatusSeeOther)
		return nil
	}
	at := session.Browser(r.Context())
	data := &signInPage{Common: page.Common{Title: "login.title", FormOrigins: []string{s.rp.Origin()}}, Contact: s.contact}
	data.Continue = at != nil && at.ReturnPath != "" && at.ReturnPath != "/"
	return s.pages.Render(w, r, http.StatusOK, "login/signin.html", data)
}

// confirmPage is login/confirm.html.
type confirmPage struct {
	page.Common
	Contact Contact
}

func (s *Site) showConfirm(w http.ResponseWriter, r *http.Request) error {
	data := &confirmPage{Common: page.Common{Title: "login.confirm.title", FormOrigins: []string{s.rp.Origin()}}, Contact: s.contact}
	return s.pages.Render(w, r, http.StatusOK, "login/confirm.html", data)
}

// outPage is login/out.html.
type outPage struct{ page.Common }

// showSignedOut says that the session is closed, to somebody for whom that is true.
func (s *Site) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		http.Redirect(w, r, at.Home(), http.StatusSeeOther)
		return nil
	}
	return s.pages.Render(w, r, http.StatusOK, "login/out.html", &outPage{page.Common{Title: "login.out.title"}})
}
