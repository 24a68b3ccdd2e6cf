// Package login is the way in and out for professionals. What decides who comes in is below: package proconnect, maillink,
// credential, invitation, and signin, where all of them end.
//
//	signin.go      the page with the three ways: ProConnect, a passkey, a link by e-mail
//	link.go        the link is asked for, opened, and used: half signed in
//	factor.go      the other half: a code; a passkey goes by passkey.go
//	passkey.go     what js/passkey.js asks and answers, for signing in and for stepping up
//	confirm.go     the second factor again, of the person who is signed in
//	invitation.go  somebody accepts to join
//	reset.go       somebody whose factors were removed begins anew
//	charter.go     the conditions of use, before anything else
//
// Every refusal says what happened, what is safe and what to do next, and leaves a line in the security log that holds nothing
// that was typed.
package login

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/charter"
	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/idp"
	"mandat/internal/invitation"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/proconnect"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// Contact is whom to call when signing in fails.
type Contact struct{ Phone, Email string }

// Dial is the number as a telephone takes it, without spaces (RFC 3966).
func (c Contact) Dial() string { return strings.ReplaceAll(c.Phone, " ", "") }

// Site is these pages.
type Site struct {
	Pages      *page.Pages
	ProConnect *proconnect.RP
	Sessions   *session.Sessions
	Door       *signin.Door
	Links      *maillink.Links
	Factors    *credential.Register
	Charter    *charter.Register
	Directory  *org.Directory
	Clock      *clock.Clock
	Contact    Contact

	Invitations *invitation.Register
	Logins      *idp.Provider // whose pages ask for a factor for their citizen
}

// The addresses of this package's pages that others link to.
const (
	LinkPath       = "/connexion/lien"    // and, with a secret behind it, of the link in a mail
	FactorPath     = "/connexion/facteur" // the second half of signing in
	ResetPath      = "/connexion/reprise" // with a secret behind it, of the link in a mail
	InvitationPath = "/invitation"        // with a secret behind it, of the link in a mail
)

// Mount declares the routes.
func (s *Site) Mount(r *page.Router) {
	r.Get(session.SignInPath, page.Browser, s.showSignIn)
	r.Post("/connexion/proconnect", page.Browser, s.ProConnect.Start)
	r.Get("/connexion/proconnect/retour", page.Browser, s.ProConnect.Callback)
	r.Post(LinkPath, page.Browser, s.doAskLink)
	r.Get(LinkPath, page.Browser, s.showLinkSent)
	r.Get(LinkPath+"/{token}", page.Browser, s.showLink)
	r.Post(LinkPath+"/{token}", page.Browser, s.doUseLink)
	r.Get(FactorPath, page.Browser, s.showFactor)
	r.Post(FactorPath, page.Browser, s.doFactor)
	r.Post("/connexion/cle", page.Browser, s.doBeginPasskey)
	r.Post("/connexion/cle/reponse", page.Browser, s.doFinishPasskey)
	r.Get(session.ConfirmPath, page.Account, s.showConfirm)
	r.Post(session.ConfirmPath, page.Account, s.doConfirm)
	r.Get(ResetPath+"/{token}", page.Browser, s.showReset)
	r.Post(ResetPath+"/{token}", page.Browser, s.doReset)
	r.Get(InvitationPath+"/{token}", page.Browser, s.showInvitation)
	r.Post(InvitationPath+"/{token}", page.Browser, s.doAnswerInvitation)
	r.Get("/compte/invitations/{invitation}", page.Account, s.showJoin)
	r.Post("/compte/invitations/{invitation}", page.Account, s.doJoin)
	r.Get(session.CharterPath, page.Account, s.showCharter)
	r.Post(session.CharterPath, page.Account, s.doAcceptCharter)
	r.Post(proconnect.SignedOutPath, page.Browser, s.ProConnect.SignOut)
	r.Get(proconnect.SignedOutPath, page.Browser, s.showSignedOut)
}

// passkeys is the module of pages on which a passkey may be given.
var passkeys = []string{"js/passkey.js"}

// refuse notes a refusal in the security log, with the person if they are known, and returns its page: the texts
// login.problem.<name>.{title,what,safe,next}.
func (s *Site) refuse(r *http.Request, person uuid.UUID, status int, name string) error {
	if err := s.Sessions.NoteOf(r.Context(), r, "sign_in."+name, person); err != nil {
		return err
	}
	key := "login.problem." + name
	return &page.Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
		Link: session.SignInPath, LinkText: "login.retry"}
}

// home leads somebody who is signed in to where they work.
func home(w http.ResponseWriter, r *http.Request, at *session.Session) error {
	http.Redirect(w, r, at.Home(), http.StatusSeeOther)
	return nil
}
