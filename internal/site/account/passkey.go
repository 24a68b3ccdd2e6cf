package account

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// passkeys is the module of pages on which a passkey may be added.
var passkeys = []string{"js/passkey.js"}

// passkeyPage is account/passkey.html.
type passkeyPage struct {
	page.Common
	Suggested string
}

// suggested is a name for a passkey of this browser; the person may give another one.
func (s *Site) suggested(r *http.Request) string {
	if words := s.Sessions.Device(r).Label; words != "" {
		return words
	}
	return "1"
}

func (s *Site) showAddPasskey(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.fresh(w, r, "/compte/facteurs/cle"); !ok {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/passkey.html",
		&passkeyPage{page.Common{Title: "account.passkey.title", Scripts: passkeys, Trail: trail(FactorsPath)}, s.suggested(r)})
}

// doBeginPasskey answers js/passkey.js with what the browser needs to make a key.
func (s *Site) doBeginPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	if !at.Enrolling && org.Fresh(at.Actor(), s.Clock.Now()) != nil {
		return page.Refuse(w, http.StatusForbidden, "confirm")
	}
	options, err := s.Factors.BeginPasskey(r.Context(), at.Actor(), at.Hash)
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(options))
}

// made is what js/passkey.js sends.
type made struct {
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
}

func (s *Site) doAddPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	var sent made
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, &sent) != nil {
		return page.Refuse(w, http.StatusBadRequest, "failed")
	}
	if sent.Name == "" {
		sent.Name = s.suggested(r)
	}
	g, err := s.Factors.AddPasskey(r.Context(), at.Actor(), at.Hash, sent.Name, sent.Response)
	for problem, known := range map[string]error{"confirm": org.ErrFactorTooOld, "known": db.ErrConflict, "late": credential.ErrWrong, "name": credential.ErrName, "many": credential.ErrTooMany} {
		if errors.Is(err, known) {
			return page.Refuse(w, http.StatusForbidden, problem)
		}
	}
	if err != nil {
		return err
	}
	if err := s.added(w, r, g, "passkey"); err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": FactorsPath})
}
