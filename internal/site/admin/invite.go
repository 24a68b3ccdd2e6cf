package admin

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// invitePage is a form for a name and an address. Key is the beginning of its texts.
type invitePage struct {
	page.Common
	Key, Name, Action, Back string
}

func (s *Site) renderInvite(w http.ResponseWriter, r *http.Request, p *invitePage, form *page.Form, status int) error {
	p.Title, p.Form = p.Key+"title", form
	return s.Pages.Render(w, r, status, "admin/invite.html", p)
}

// inviteForm is the page to invite a referent, which an organisation needs that has lost its own.
func (s *Site) inviteForm(r *http.Request) (*session.Session, uuid.UUID, *invitePage, error) {
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return nil, uuid.Nil, nil, err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	path := organisationPath(id)
	return at, id, &invitePage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, organisations, {Href: path, Text: "admin.organisation.title"}}},
		Key: "admin.organisation.invite.", Name: o.Name, Action: path + "/referent", Back: path}, err
}

// inviting is the page p, of the form at path.
func (s *Site) inviting(w http.ResponseWriter, r *http.Request, p *invitePage, path, done, taken string) staff.Inviting {
	return staff.Inviting{Acts: s.acts(), Path: path, Back: p.Back, Done: done, Taken: taken,
		Render: func(form *page.Form, status int) error { return s.renderInvite(w, r, p, form, status) }}
}

func (s *Site) invitingReferent(w http.ResponseWriter, r *http.Request, p *invitePage) staff.Inviting {
	return s.inviting(w, r, p, p.Action, "admin.organisation.invited", "referent.invite.wrong.member")
}

func (s *Site) showInvite(w http.ResponseWriter, r *http.Request) error {
	at, _, p, err := s.inviteForm(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, p.Action, nil, s.invitingReferent(w, r, p).Render)
}

func (s *Site) doInvite(w http.ResponseWriter, r *http.Request) error {
	at, id, p, err := s.inviteForm(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	n := staff.Invitee(form, "")
	n.Organisation, n.Roles = id, []string{org.RoleReferent}
	return s.invitingReferent(w, r, p).Do(w, r, at, form, func() error {
		_, err := s.Invitations.Invite(r.Context(), at.Actor(), n)
		return err
	})
}

func (s *Site) doResend(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, resent, s.Invitations.Resend)
}

const resent = "referent.invite.resent"

func (s *Site) doWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.withdrawn", s.Invitations.Withdraw)
}

// invitation is an act of one button on the invitation of the path, to an organisation or to administer.
func (s *Site) invitation(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "invitation")
	if err != nil {
		return err
	}
	i, err := s.Invitations.Find(r.Context(), id)
	if err != nil {
		return err
	}
	back := "/admin/administrateurs"
	switch {
	case !i.Administrator():
		back = organisationPath(i.Organisation)
	case done == resent && (!i.Stands || i.Late(s.Clock.Now())):
		done = "admin.administrators.was_proposed" // it takes a second one again
	}
	return s.acts().Press(w, r, at, back, done, func() error { return staff.Often(r, do(r.Context(), at.Actor(), id), "referent.problem.often", back) })
}
