package admin

import (
	"net/http"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type administratorsPage struct {
	page.Common
	Proposals      []proposal
	Administrators []holder
	Notice         string
}

// holder is somebody who is an administrator.
type holder struct {
	somebody
	MayEnd bool // by who looks
}

// proposal is somebody who is to be an administrator.
type proposal struct {
	invitation.Invitation
	Name       string
	Proposed   bool // waits for the confirmation of a second administrator
	MayConfirm bool
	Over       bool // its time is over
}

func (s *Site) listAdministrators(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &administratorsPage{Common: page.Common{Title: "admin.administrators.title", Current: home.Href, Trail: []page.Link{home}}}
	open, err := s.Invitations.List(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, i := range open {
		x := proposal{Invitation: i, Name: i.GivenName + " " + i.UsualName, Proposed: i.State == invitation.Proposed, Over: i.Late(s.Clock.Now())}
		x.MayConfirm = x.Proposed && !x.Over && i.InvitedBy != at.Person
		p.Proposals = append(p.Proposals, x)
	}
	now, err := s.Directory.Administrators(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, a := range now {
		state := org.ColleagueActive
		if a.Suspended {
			state = org.ColleagueSuspended
		}
		p.Administrators = append(p.Administrators, holder{somebody{ID: a.ID, Name: a.GivenName + " " + a.UsualName, Email: a.Email, State: state}, a.ID != at.Person})
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/administrators.html", p)
}

const proposePath = "/admin/administrateurs/nouveau"

func proposing() *invitePage {
	return &invitePage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, administrators}},
		Key: "admin.propose.", Action: "/admin/administrateurs", Back: "/admin/administrateurs"}
}

func (s *Site) invitingAdministrator(w http.ResponseWriter, r *http.Request) staff.Inviting {
	return s.inviting(w, r, proposing(), proposePath, "admin.administrators.was_proposed", "admin.administrators.already")
}

func (s *Site) showPropose(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, proposePath, nil, s.invitingAdministrator(w, r).Render)
}

// doPropose proposes somebody. That their address is known here already shows only when they are to accept.
func (s *Site) doPropose(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	n := staff.Invitee(form, "")
	return s.invitingAdministrator(w, r).Do(w, r, at, form, func() error {
		_, err := s.Invitations.ProposeAdministrator(r.Context(), at.Actor(), n)
		return err
	})
}

func (s *Site) doConfirm(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "admin.administrators.was_confirmed", s.Invitations.Confirm)
}

func (s *Site) doWithdrawProposal(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "admin.administrators.was_withdrawn", s.Invitations.Withdraw)
}

func (s *Site) showEndOffice(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	p, err := s.Directory.Find(r.Context(), id)
	switch {
	case err != nil:
		return err
	case !p.Administrator:
		return db.ErrNotFound
	case id == at.Person:
		return refusal(org.ErrYourself)
	}
	return s.confirmEnd(w, r, at, administrators, "admin.office.end.", p)
}

// confirmEnd asks whether what somebody of a list has is to end.
func (s *Site) confirmEnd(w http.ResponseWriter, r *http.Request, at *session.Session, list page.Link, key string, p org.Person) error {
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	return s.confirm(w, r, &confirmPage{Common: page.Common{Trail: []page.Link{home, list}, Current: home.Href}, Key: key,
		Name: p.GivenName + " " + p.UsualName, Action: list.Href + "/" + p.ID.String() + "/fin", Back: list.Href})
}

func (s *Site) doEndOffice(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, administrators.Href, "admin.administrators.was_ended", func() error { return s.Directory.EndOffice(r.Context(), at.Actor(), id) })
}
