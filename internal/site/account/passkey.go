package account

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

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

const addPath = "/compte/facteurs/cle"

func (s *Site) showAddPasskey(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.fresh(w, r, addPath); !ok {
		return err
	}
	form, err := s.Sessions.KeptForm(r, addPath, nil)
	if err != nil {
		return err
	}
	data := &passkeyPage{page.Common{Title: "account.passkey.title", Form: form, Scripts: passkeys, Trail: trail(FactorsPath)}, form.Value("name")}
	if data.Suggested == "" {
		data.Suggested = s.suggested(r)
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/passkey.html", data)
}

// made is what js/passkey.js sends: first the name alone, which is kept if the person has to give a factor before.
type made struct {
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
}

// sent reads it; false when it is something else.
func sent(r *http.Request) (made, bool, error) {
	var m made
	body, err := io.ReadAll(r.Body)
	return m, err == nil && json.Unmarshal(body, &m) == nil, err
}

// confirm leads the module to where a factor has to be given first. The name waits for the person.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request, m made) error {
	if err := s.Sessions.KeepForm(r, addPath, page.FilledForm(url.Values{"name": {m.Name}})); err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": session.ConfirmPath})
}

// doBeginPasskey answers js/passkey.js with what the browser needs to make a key.
func (s *Site) doBeginPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	m, _, err := sent(r)
	if err != nil {
		return err
	}
	if !at.Enrolling && org.Fresh(at.Actor(), s.Clock.Now()) != nil {
		return s.confirm(w, r, m)
	}
	options, err := s.Factors.BeginPasskey(r.Context(), at.Actor(), at.Hash)
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(options))
}

func (s *Site) doAddPasskey(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	m, ok, err := sent(r)
	if err != nil {
		return err
	}
	if !ok {
		return page.Refuse(w, http.StatusBadRequest, "failed")
	}
	name := m.Name
	if name == "" {
		name = s.suggested(r)
	}
	g, err := s.Factors.AddPasskey(r.Context(), at.Actor(), at.Hash, name, m.Response)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.confirm(w, r, m)
	}
	for problem, known := range map[string]error{"known": db.ErrConflict, "late": credential.ErrWrong, "name": credential.ErrName, "many": credential.ErrTooMany} {
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
