package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// What the person who holds an invitation may do about it.
const (
	newcomer = "open"  // accept, as somebody new or whom ProConnect names
	known    = "known" // sign in first: the address is that of somebody who is known
	mine     = "mine"  // accept: they are signed in as whom it is for
	other    = "other" // nothing here: somebody else is signed in
	begun    = "begun" // add the first factor: they accepted, and their browser was closed before
)

// invitationPage is login/invitation.html.
type invitationPage struct {
	page.Common
	State        string
	Name         string
	By           string // "" is the operator
	Organisation string // "" is none: to administer
	Roles        []string
	Until        time.Time
	Contact      Contact
}

// showInvitation changes nothing: programs that look into mails open links too.
func (s *Site) showInvitation(w http.ResponseWriter, r *http.Request) error {
	i, err := s.Invitations.Read(r.Context(), r.PathValue("token"))
	if errors.Is(err, db.ErrNotFound) && session.From(r.Context()) == nil {
		return s.showUnfinished(w, r)
	}
	if err != nil {
		return s.overInvitation(r, err)
	}
	state, err := s.stateOf(r, i)
	if err != nil {
		return err
	}
	if state == mine {
		http.Redirect(w, r, joinPath(i), http.StatusSeeOther) //nolint:gosec // a path of ours and an id
		return nil
	}
	return s.renderInvitation(w, r, http.StatusOK, i, state)
}

// joinPath is where somebody known accepts an invitation: an address that holds no secret, for who is signed in as whom it is for.
func joinPath(i invitation.Invitation) string { return "/compte/invitations/" + i.ID.String() }

func (s *Site) overInvitation(r *http.Request, err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return s.refuse(r, uuid.Nil, http.StatusGone, "invitation_over")
	}
	return err
}

func (s *Site) stateOf(r *http.Request, i invitation.Invitation) (string, error) {
	owner, err := s.Directory.FindByEmail(r.Context(), i.Email)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return "", err
	}
	at := session.From(r.Context())
	switch {
	case at != nil && err == nil && owner.ID == at.Person:
		return mine, nil
	case at != nil:
		return other, nil
	case err == nil:
		return known, nil
	}
	return newcomer, nil
}

func (s *Site) renderInvitation(w http.ResponseWriter, r *http.Request, status int, i invitation.Invitation, state string) error {
	data := &invitationPage{Common: page.Common{Title: "login.invitation.title", NoIndex: true, FormOrigins: []string{s.ProConnect.Origin()}}, State: state,
		Name: i.GivenName + " " + i.UsualName, By: i.InviterName, Organisation: i.OrganisationName, Until: i.ExpiresAt, Contact: s.Contact}
	for _, role := range i.Roles {
		data.Roles = append(data.Roles, "login.invitation.role."+role)
	}
	if i.Administrator() {
		data.Roles = []string{"login.invitation.role.administrator"}
	}
	return s.Pages.Render(w, r, status, "login/invitation.html", data)
}

// doAnswerInvitation is for who is not signed in.
func (s *Site) doAnswerInvitation(w http.ResponseWriter, r *http.Request) error {
	i, err := s.Invitations.Read(r.Context(), r.PathValue("token"))
	if errors.Is(err, db.ErrNotFound) && session.From(r.Context()) == nil {
		return s.doUnfinished(w, r)
	}
	if err != nil {
		return s.overInvitation(r, err)
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	state, err := s.stateOf(r, i)
	if err != nil {
		return err
	}
	switch how := form.Choice("how", "proconnect", "own", "sign_in"); {
	case state == known && how == "sign_in":
		return s.Sessions.SendToSignIn(w, r, joinPath(i))
	case state == newcomer && how == "proconnect":
		return s.ProConnect.Invite(w, r, i)
	case state == newcomer && how == "own":
		return s.begin(w, r, i)
	}
	return s.renderInvitation(w, r, http.StatusConflict, i, state)
}

// begin adds a new person, whose address the link has shown to be theirs, and opens the session in which they add their first factor.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, i invitation.Invitation) error {
	if ok, err := s.Sessions.Allow(r); err != nil {
		return err
	} else if !ok {
		return tooMany()
	}
	person, err := s.joining(r.Context(), org.Person{}, i)
	if err != nil {
		return err
	}
	at, err := s.Sessions.Ensure(w, r)
	if err != nil {
		return err
	}
	_, err = s.join(w, r, at, person, signin.Way{Method: session.ByInvitation, First: true}, invitation.Accepting{Secret: r.PathValue("token")})
	if err != nil {
		return err
	}
	http.Redirect(w, r, session.FirstFactorPath, http.StatusSeeOther)
	return nil
}

// joining is a person as they will be once they have accepted.
func (s *Site) joining(ctx context.Context, p org.Person, i invitation.Invitation) (org.Person, error) {
	if i.Administrator() {
		p.Administrator = true
		return p, nil
	}
	o, err := s.Directory.Organisation(ctx, i.Organisation)
	return signin.Joining(p, o, i.Roles), err
}

// join uses an invitation up and opens the session of its person in the same act. It returns where they begin.
func (s *Site) join(w http.ResponseWriter, r *http.Request, at *session.Session, p org.Person, way signin.Way, how invitation.Accepting) (string, error) {
	who, err := s.Door.Who(r, p, way)
	if errors.Is(err, signin.ErrSuspended) {
		return "", s.refuse(r, p.ID, http.StatusForbidden, "suspended")
	}
	if err != nil {
		return "", s.refuse(r, p.ID, http.StatusForbidden, "no_organisation")
	}
	var opened session.Opened
	_, err = s.Invitations.Accept(r.Context(), how, func(tx *journal.Tx, id uuid.UUID) error {
		who.Person = id
		var err error
		opened, err = s.Door.Enter(r.Context(), tx, at, who)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNotFound), errors.Is(err, db.ErrConflict):
		return "", s.overInvitation(r, db.ErrNotFound)
	case errors.Is(err, invitation.ErrOtherPerson):
		return "", s.refuse(r, p.ID, http.StatusForbidden, "invitation_other")
	case errors.Is(err, invitation.ErrSuspended):
		return "", s.refuse(r, p.ID, http.StatusForbidden, "suspended")
	case errors.Is(err, org.ErrOneOffice):
		return "", s.refuse(r, p.ID, http.StatusForbidden, "invitation_office")
	case err != nil:
		return "", err
	}
	return who.Home(), s.Sessions.Carry(w, r, opened)
}

// forMe finds the invitation of an address that holds its id. Only whom it is for sees it, with a factor given just now: what they
// accept gives them rights, so their session begins anew.
func (s *Site) forMe(w http.ResponseWriter, r *http.Request) (*session.Session, invitation.Invitation, error) {
	at := session.From(r.Context())
	var i invitation.Invitation
	id, err := uuid.Parse(r.PathValue("invitation"))
	if err != nil {
		return nil, i, db.ErrNotFound
	}
	if i, err = s.Invitations.Find(r.Context(), id); err != nil {
		return nil, i, s.overInvitation(r, err)
	}
	state, err := s.stateOf(r, i)
	if err != nil {
		return nil, i, err
	}
	if state != mine {
		return nil, i, db.ErrNotFound
	}
	if i.State != invitation.Open || i.Late(s.Clock.Now()) {
		return nil, i, s.overInvitation(r, db.ErrNotFound)
	}
	if org.Fresh(at.Actor(), s.Clock.Now()) != nil {
		return nil, i, s.Sessions.SendToStepUp(w, r, joinPath(i))
	}
	return at, i, nil
}

func (s *Site) showJoin(w http.ResponseWriter, r *http.Request) error {
	at, i, err := s.forMe(w, r)
	if at == nil || err != nil {
		return err
	}
	return s.renderInvitation(w, r, http.StatusOK, i, mine)
}

func (s *Site) doJoin(w http.ResponseWriter, r *http.Request) error {
	at, i, err := s.forMe(w, r)
	if at == nil || err != nil {
		return err
	}
	person, err := s.Directory.Find(r.Context(), at.Person)
	if err != nil {
		return err
	}
	if person, err = s.joining(r.Context(), person, i); err != nil {
		return err
	}
	way := signin.Way{Method: at.Method, Factor: session.Factor{Kind: at.FactorKind, At: at.FactorAt}}
	to, err := s.join(w, r, at, person, way, invitation.Accepting{ID: i.ID, Person: at.Person})
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // signin.Back lets pages of ours pass
	return nil
}
