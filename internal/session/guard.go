package session

import (
	"context"
	"net/http"

	"mandat/internal/db"
	"mandat/internal/page"
)

// Where people are sent to sign in, and to give their second factor again.
const (
	SignInPath  = "/connexion"
	ConfirmPath = "/connexion/confirmation"
)

// Browser is the guard of pages for anybody: it looks who is signed in, and lets everybody pass.
func (s *Sessions) Browser(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	at, err := s.read(r)
	if err != nil {
		return nil, err
	}
	if at != nil && !at.standing {
		return nil, s.expel(w, r, at)
	}
	return r.WithContext(known(r.Context(), at)), nil
}

// Aidant is the guard of the pages of aidants and referents. Somebody who is not signed in is sent to sign in, and comes
// back to the page if it can be asked for again (GET).
func (s *Sessions) Aidant(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	return s.only(w, r, Aidant, Referent)
}

// Auditor is the guard of the pages of auditors.
func (s *Sessions) Auditor(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	return s.only(w, r, Auditor)
}

func (s *Sessions) only(w http.ResponseWriter, r *http.Request, roles ...string) (*http.Request, error) {
	passed, err := s.Browser(w, r)
	if err != nil {
		return nil, err
	}
	at := From(passed.Context())
	if at == nil {
		path := "/"
		if r.Method == http.MethodGet {
			path = r.URL.RequestURI()
		}
		return nil, s.SendToSignIn(w, r, path)
	}
	for _, role := range roles {
		if at.Role == role {
			return passed, nil
		}
	}
	return passed, page.ErrForbidden
}

func known(ctx context.Context, at *Session) context.Context {
	ctx = context.WithValue(ctx, key{}, at)
	if at.SignedIn() {
		ctx = page.WithWho(ctx, page.Who{Name: at.GivenName + " " + at.UsualName, Organisation: at.OrganisationName, Role: at.Role})
	}
	return ctx
}

// SendToSignIn answers with a redirect to the sign-in page. path is where the browser goes afterwards ("/": the person's
// home); it is kept with the session, so that no link can choose it.
func (s *Sessions) SendToSignIn(w http.ResponseWriter, r *http.Request, path string) error {
	if path != "/" && s.empties.allow(address(r), s.clock.Now()) {
		at, err := s.Ensure(w, r)
		if err != nil {
			return err
		}
		if err := s.ComeBack(r.Context(), at, path); err != nil {
			return err
		}
	}
	http.Redirect(w, r, SignInPath, http.StatusSeeOther)
	return nil
}

// SendToStepUp answers with a redirect to the page that asks for the second factor again; the browser comes back to path.
func (s *Sessions) SendToStepUp(w http.ResponseWriter, r *http.Request, path string) error {
	if err := s.ComeBack(r.Context(), From(r.Context()), path); err != nil {
		return err
	}
	http.Redirect(w, r, ConfirmPath, http.StatusSeeOther)
	return nil
}

// expel ends the session of somebody who may no longer be here.
func (s *Sessions) expel(w http.ResponseWriter, r *http.Request, at *Session) error {
	err := s.db.Write(r.Context(), db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(r.Context(), `delete from session where cookie = $1`, at.cookie)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.Forget(w, r); err != nil {
		return err
	}
	return &page.Problem{Status: http.StatusForbidden, Title: "login.expelled.title", What: "login.expelled.what", Safe: "login.expelled.safe", Next: "login.expelled.next"}
}
