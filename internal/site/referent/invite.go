package referent

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type invitePage struct {
	page.Common
	Organisation string
	Tongues      []staff.Choice // languages of mails
}

const invitePath = "/referent/invitations/nouvelle"

func (s *Site) showInvite(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, invitePath, url.Values{"roles": {org.RoleAidant}, "lang": {page.Lang(r)}},
		func(form *page.Form, status int) error { return s.renderInvite(w, r, at, form, status) })
}

func (s *Site) renderInvite(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, status int) error {
	p := &invitePage{Common: page.Common{Title: "referent.invite.title", Current: home.Href, Trail: []page.Link{home, team}, Form: form}, Organisation: at.OrganisationName}
	for _, lang := range []string{"fr", "en"} {
		text, err := s.Pages.Text(page.Lang(r), "referent.lang."+lang)
		if err != nil {
			return err
		}
		p.Tongues = append(p.Tongues, staff.Choice{Value: lang, Text: text})
	}
	return s.Pages.Render(w, r, status, "referent/invite.html", p)
}

// inviteeOf reads the form and notes what is wrong with it.
func inviteeOf(form *page.Form) invitation.Invitee {
	n := staff.Invitee(form, "")
	n.Roles, n.Profession, n.DigitalAdviser = form.Values("roles"), form.Text("profession", 100), form.Ticked("digital_adviser")
	n.Phone, n.Lang = form.Value("phone"), form.Choice("lang", "fr", "en")
	staff.Wrong(form, "", "roles", len(n.Roles) == 0)
	if n.Phone != "" {
		_, err := org.Phone(n.Phone)
		staff.Wrong(form, "", "phone", err != nil)
	}
	return n
}

// doInvite answers alike whether the address is known elsewhere or not; that somebody works here already, or is invited, this
// organisation knows anyway.
func (s *Site) doInvite(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	n := inviteeOf(form)
	inviting := staff.Inviting{Acts: s.acts(), Path: invitePath, Back: team.Href, Done: "referent.invite.sent", Taken: "referent.invite.wrong.member",
		Render: func(form *page.Form, status int) error { return s.renderInvite(w, r, at, form, status) }}
	return inviting.Do(w, r, at, form, func() error {
		_, err := s.Invitations.Invite(r.Context(), at.Actor(), n)
		return err
	})
}

func (s *Site) doResend(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.resent", s.Invitations.Resend)
}

func (s *Site) doWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.withdrawn", s.Invitations.Withdraw)
}

// invitation is an act of one button on the invitation of the path.
func (s *Site) invitation(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "invitation")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, team.Href, done, func() error {
		return staff.Often(r, do(r.Context(), at.Actor(), id), "referent.problem.often", team.Href)
	})
}
