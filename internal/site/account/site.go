// Package account is the pages on which people look after their own account: who they are and how they are reached, their second
// factors, the browsers in which they are signed in, their certificate.
//
//	profile.go  what is known of the person, and what they may change themselves
//	contact.go  another address or number, used once it was shown to be theirs
//	factors.go  the list of second factors; passkey.go, app.go, card.go, key.go, recovery.go add, rename and remove them
//	sessions.go where they are signed in, and ending that
//
// Pages about factors are open to somebody who is signed in to add their first one, as far as that needs. Whatever changes the account
// needs a factor of the last fifteen minutes: it is asked for before the form is filled in, and again by the act.
package account

import (
	"errors"
	"net/http"

	"mandat/internal/certification"
	"mandat/internal/clock"
	"mandat/internal/contact"
	"mandat/internal/credential"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// Site serves these pages.
type Site struct {
	Pages          *page.Pages
	Sessions       *session.Sessions
	Door           *signin.Door
	Factors        *credential.Register
	Directory      *org.Directory
	Contacts       *contact.Register
	Certifications *certification.Register
	Press          *certification.Press
	Journal        *journal.Journal
	Clock          *clock.Clock
}

// The addresses of the pages that others link to.
const (
	ProfilePath  = "/compte"
	FactorsPath  = "/compte/facteurs"
	SessionsPath = "/compte/sessions"
)

// Mount declares the routes.
func (s *Site) Mount(r *page.Router) {
	r.Get(ProfilePath, page.Account, s.showProfile)
	r.Get("/compte/profil", page.Account, s.showEdit)
	r.Post("/compte/profil", page.Account, s.doEdit)
	r.Get("/compte/certificat.pdf", page.Account, s.sendCertificate)
	for _, c := range contacts {
		r.Get("/compte/"+c.Path, page.Account, s.contact(c, s.showContact))
		r.Post("/compte/"+c.Path, page.Account, s.contact(c, s.doContact))
		r.Get("/compte/"+c.Path+"/code", page.Account, s.contact(c, s.showCode))
		r.Post("/compte/"+c.Path+"/code", page.Account, s.contact(c, s.doCode))
	}
	r.Get(FactorsPath, page.Account, s.showFactors)
	r.Get(session.FirstFactorPath, page.Account, s.showFirst)
	r.Get("/compte/facteurs/cle", page.Account, s.showAddPasskey)
	r.Post("/compte/facteurs/cle/debut", page.Account, s.doBeginPasskey)
	r.Post("/compte/facteurs/cle/fin", page.Account, s.doAddPasskey)
	r.Get("/compte/facteurs/application", page.Account, s.showApp)
	r.Post("/compte/facteurs/application", page.Account, s.doAddApp)
	r.Get("/compte/facteurs/carte", page.Account, s.showCard)
	r.Post("/compte/facteurs/carte", page.Account, s.doAddCard)
	r.Get("/compte/facteurs/carte/heure", page.Account, s.showResync)
	r.Post("/compte/facteurs/carte/heure", page.Account, s.doResync)
	r.Post("/compte/facteurs/secours", page.Account, s.doRecovery)
	r.Post("/compte/facteurs/remise/annuler", page.Account, s.doCancelReset)
	r.Get("/compte/facteurs/{factor}", page.Account, s.showKey)
	r.Post("/compte/facteurs/{factor}", page.Account, s.doRename)
	r.Post("/compte/facteurs/{factor}/retirer", page.Account, s.doRemove)
	r.Get(SessionsPath, page.Account, s.showSessions)
	r.Post("/compte/sessions/autres", page.Account, s.doEndOthers)
	r.Post("/compte/sessions/{browser}/fermer", page.Account, s.doEnd)
}

// about is what notices of these pages are about.
const about = "account"

// done leaves a message for the next page of the account and leads there.
func (s *Site) done(w http.ResponseWriter, r *http.Request, path, what string) error {
	if err := s.Sessions.Notify(r.Context(), session.From(r.Context()), about, "account.done."+what); err != nil {
		return err
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// notice returns the message that was left, "" when there is none.
func (s *Site) notice(r *http.Request) (string, error) {
	return s.Sessions.Notice(r.Context(), session.From(r.Context()), about)
}

// fresh reports whether the person gave a factor just now, or is here to add the first one. Others are sent to give one, and come back
// to path; then it is false.
func (s *Site) fresh(w http.ResponseWriter, r *http.Request, path string) (bool, error) {
	at := session.From(r.Context())
	if at.Enrolling || org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		return true, nil
	}
	return false, s.Sessions.SendToStepUp(w, r, path)
}

// ready is fresh for a form that was sent: what was entered in the fields named waits for the person (session.SendFormToStepUp).
func (s *Site) ready(w http.ResponseWriter, r *http.Request, path string, form *page.Form, field string) (bool, error) {
	at := session.From(r.Context())
	if at.Enrolling || org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		return true, nil
	}
	return false, s.Sessions.SendFormToStepUp(w, r, path, form, field)
}

// stale leads to the step-up page when an act found the factor too old, and returns other errors as they are. What was entered in a field
// of the form, which is no code, waits for the person.
func (s *Site) stale(w http.ResponseWriter, r *http.Request, err error, path string, form *page.Form, field string) error {
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.Sessions.SendFormToStepUp(w, r, path, form, field)
	}
	return err
}

// again is stale for an act of a button.
func (s *Site) again(w http.ResponseWriter, r *http.Request, err error, path string) error {
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.Sessions.SendToStepUp(w, r, path)
	}
	return err
}

// settled keeps somebody who is here to add their first factor on the pages that do it.
func settled(w http.ResponseWriter, r *http.Request) bool {
	if session.From(r.Context()).Enrolling {
		http.Redirect(w, r, session.FirstFactorPath, http.StatusSeeOther)
		return false
	}
	return true
}
