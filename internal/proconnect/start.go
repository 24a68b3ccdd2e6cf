package proconnect

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"mandat/internal/session"
	"mandat/internal/token"
	"mandat/internal/upstream"
)

// Start sends the browser to ProConnect (POST /connexion/proconnect).
func (rp *RP) Start(w http.ResponseWriter, r *http.Request) error {
	if at := session.From(r.Context()); at != nil {
		http.Redirect(w, r, at.Home(), http.StatusSeeOther)
		return nil
	}
	if ok, err := rp.sessions.Allow(r); err != nil {
		return err
	} else if !ok {
		return rp.refuse(r, nil, tooMany)
	}
	at, err := rp.sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	return rp.leave(w, r, at, session.Attempt{Kind: session.SignIn, ReturnPath: "/"}, at.LoginAgain)
}

// Confirm sends the signed-in person to ProConnect for a new second factor (POST /connexion/confirmation), for a citizen or, nil, for
// nobody in particular. back is the path of ours where they go on.
func (rp *RP) Confirm(w http.ResponseWriter, r *http.Request, citizen uuid.UUID, back string) error {
	at := session.From(r.Context())
	return rp.leave(w, r, at, session.Attempt{Kind: session.StepUp, Person: at.Person, Citizen: citizen, ReturnPath: back}, true)
}

func (rp *RP) leave(w http.ResponseWriter, r *http.Request, at *session.Session, a session.Attempt, login bool) error {
	a.Nonce, a.Verifier = token.Hex(32), oauth2.GenerateVerifier()
	state, err := rp.sessions.Depart(r.Context(), at, a)
	if err != nil {
		return err
	}
	more := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier), oauth2.SetAuthURLParam("claims", rp.claims)}
	if login {
		more = append(more, oauth2.SetAuthURLParam("prompt", "login"))
	}
	to, err := rp.provider.AuthURL(r.Context(), state, a.Nonce, more...)
	if errors.Is(err, upstream.ErrUnavailable) {
		return rp.refuse(r, nil, down.because(err))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
