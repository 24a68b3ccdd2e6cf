package session

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"mandat/internal/db"
	"mandat/internal/page"
)

// store is the gorilla/sessions Store of this package. Values holds one thing, the *Session, under row; gorilla's ID is
// the secret that is about to be written.
type store struct {
	sessions *Sessions
	name     string
	options  sessions.Options
}

const row = "row"

func newStore(s *Sessions, secure bool) *store {
	out := &store{sessions: s, name: "mandat", options: sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}}
	if secure {
		out.name = "__Host-mandat"
	}
	return out
}

// Get returns the request's session, read once per request.
func (s *store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the request's session from the database. A cookie that we do not know is a browser without a session.
func (s *store) New(r *http.Request, name string) (*sessions.Session, error) {
	out := sessions.NewSession(s, name)
	options := s.options
	out.Options, out.IsNew = &options, true
	// The registry gives the request with which it was first asked; the name says at which address it is asked now.
	organisation, _ := uuid.Parse(strings.TrimPrefix(name, s.name+"."))
	claim := claimFor(s.sessions.plainClaim(r), organisation)
	if claim == nil {
		return out, nil
	}
	found, err := s.sessions.load(r.Context(), claim, nil)
	if errors.Is(err, db.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.IsNew = false
	out.Values[row] = found
	return out, nil
}

// Save writes the cookie: it lasts as long as the browser's own session, and is taken away when the ID is "".
func (s *store) Save(_ *http.Request, w http.ResponseWriter, out *sessions.Session) error {
	if out.ID == "" {
		out.Options.MaxAge = -1
	}
	http.SetCookie(w, sessions.NewCookie(s.name, out.ID, out.Options))
	return nil
}

// nameFor is under which name a request's session is kept for the time of the request: its address decides which one it is.
func (s *store) nameFor(r *http.Request) string {
	if organisation := page.Organisation(r.Context()); organisation != uuid.Nil {
		return s.name + "." + organisation.String()
	}
	return s.name
}

// plain is a request as if its address named no organisation.
func plain(r *http.Request) *http.Request {
	if page.Organisation(r.Context()) == uuid.Nil {
		return r
	}
	return page.UnderOrganisation(r, uuid.Nil)
}

// read returns the browser's session, nil if it has none.
func (s *Sessions) read(r *http.Request) (*Session, error) {
	got, err := s.store.Get(r, s.store.nameFor(r))
	if err != nil {
		return nil, err
	}
	found, _ := got.Values[row].(*Session)
	return found, nil
}

// write gives the browser the secret of a session, or takes its cookie away when secret is "". For the rest of this
// request the browser's session is now.
func (s *Sessions) write(w http.ResponseWriter, r *http.Request, secret string, now *Session) error {
	got, err := s.store.Get(r, s.store.nameFor(r))
	if err != nil {
		return err
	}
	got.ID = secret
	got.Values[row] = now
	return got.Save(r, w)
}
