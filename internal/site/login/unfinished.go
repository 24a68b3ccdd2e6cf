package login

import (
	"errors"
	"net/http"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// showUnfinished is for whose browser was closed after they had accepted, and before they had a second factor.
func (s *Site) showUnfinished(w http.ResponseWriter, r *http.Request) error {
	i, _, err := s.unfinished(r)
	if err != nil {
		return s.overInvitation(r, err)
	}
	return s.renderInvitation(w, r, http.StatusOK, i, begun)
}

// doUnfinished opens the session in which they add it, once more.
func (s *Site) doUnfinished(w http.ResponseWriter, r *http.Request) error {
	if ok, err := s.Sessions.Allow(r); err != nil {
		return err
	} else if !ok {
		return tooMany()
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	i, p, err := s.unfinished(r)
	if err != nil {
		return s.overInvitation(r, err)
	}
	if form.Value("how") != "finish" { // the page of before it was accepted
		return s.renderInvitation(w, r, http.StatusConflict, i, begun)
	}
	at, err := s.Sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	way := signin.Way{Method: session.ByInvitation, First: true, Still: s.Invitations.StillUnfinished(i, p.ID)}
	switch _, err := s.Door.Open(w, r, at, p, way); {
	case errors.Is(err, db.ErrNotFound):
		return s.overInvitation(r, err)
	case err != nil:
		return s.notIn(r, p.ID, err)
	}
	http.Redirect(w, r, session.FirstFactorPath, http.StatusSeeOther)
	return nil
}

// unfinished finds who accepted by the link of the address and has no second factor, or returns db.ErrNotFound.
func (s *Site) unfinished(r *http.Request) (invitation.Invitation, org.Person, error) {
	i, id, err := s.Invitations.Unfinished(r.Context(), r.PathValue("token"))
	if err != nil {
		return i, org.Person{}, err
	}
	p, err := s.Directory.Find(r.Context(), id)
	return i, p, err
}
