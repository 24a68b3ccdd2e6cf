package login

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// doBeginPasskey says what the browser is to sign: by the person who is signed in or half signed in, else by whoever has a key.
func (s *Site) doBeginPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.Browser(r.Context())
	if at == nil || !at.SignedIn() && at.Half == uuid.Nil {
		ok, err := s.Sessions.Allow(r)
		if err != nil {
			return err
		}
		if !ok {
			return page.Refuse(w, http.StatusTooManyRequests, "busy")
		}
		if at, err = s.Sessions.Ensure(w, r); err != nil {
			return err
		}
	}
	person, purpose, citizen := at.Half, credential.SignIn, uuid.Nil
	if at.SignedIn() {
		person, purpose = at.Person, credential.StepUp
		asking, err := s.Logins.Asking(r.Context(), at, r.URL.Query())
		if stale(err) || asking != nil && !asking.Is(r.URL.Query()) {
			return page.Refuse(w, http.StatusConflict, "changed")
		}
		if err != nil {
			return err
		}
		if asking != nil {
			citizen = asking.Citizen
		}
	}
	options, err := s.Factors.BeginAssertion(r.Context(), at.Hash, person, purpose, citizen)
	if errors.Is(err, credential.ErrNoFactor) {
		return page.Refuse(w, http.StatusForbidden, "refused")
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(options))
}

// signed is what js/passkey.js sends.
type signed struct {
	Response json.RawMessage `json:"response"`
}

// doFinishPasskey checks what the browser signed, and signs its person in or notes their factor. A passkey is never counted: it
// cannot be guessed, so nobody can keep a person's key from working.
func (s *Site) doFinishPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.Browser(r.Context())
	var answer signed
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if at == nil || json.Unmarshal(body, &answer) != nil {
		return page.Refuse(w, http.StatusBadRequest, "late")
	}
	purpose, known := credential.SignIn, at.Half
	if at.SignedIn() {
		purpose, known = credential.StepUp, at.Person
	}
	g, err := s.Factors.Assert(r.Context(), at.Hash, purpose, answer.Response)
	if errors.Is(err, credential.ErrWrong) || errors.Is(err, credential.ErrCloned) || err == nil && at.SignedIn() && g.Person != at.Person {
		kind := "sign_in.passkey_wrong"
		if errors.Is(err, credential.ErrCloned) {
			kind = "sign_in.passkey_cloned"
		}
		if err := s.Sessions.NoteOf(r.Context(), r, kind, known); err != nil {
			return err
		}
		return page.Refuse(w, http.StatusForbidden, "refused")
	}
	if err != nil {
		return err
	}
	if at.SignedIn() {
		return s.stepUpByPasskey(w, r, at, g)
	}
	method := session.ByPasskey
	if at.Half == g.Person {
		method = session.ByMailLink
	}
	to, err := s.enter(w, r, at, g, method)
	if stale(err) {
		return page.Refuse(w, http.StatusForbidden, "closed")
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": to})
}

// stepUpByPasskey notes the factor for the citizen whose name stood on the page that asked for it: the challenge holds whom. A login
// that is for somebody else by now is told of, and the factor counts for nobody.
func (s *Site) stepUpByPasskey(w http.ResponseWriter, r *http.Request, at *session.Session, g credential.Given) error {
	asking, err := s.Logins.Asking(r.Context(), at, r.URL.Query())
	if stale(err) || asking != nil && asking.Citizen != g.Citizen {
		return page.Refuse(w, http.StatusConflict, "changed")
	}
	if err != nil {
		return err
	}
	to := signin.Back(at.ReturnPath, at.Home())
	if asking != nil {
		to = asking.Back()
	}
	err = s.stepUp(w, r, at, session.Factor{Kind: g.Kind, At: g.At, Citizen: g.Citizen})
	if stale(err) {
		return page.Refuse(w, http.StatusForbidden, "closed")
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": to})
}

// stale reports whether an error is a page that says why something is no more.
func stale(err error) bool {
	_, ok := errors.AsType[*page.Problem](err)
	return ok
}
