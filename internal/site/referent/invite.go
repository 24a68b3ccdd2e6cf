package referent

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

type invitePage struct {
	page.Common
	Organisation string
	Tongues      []choice // languages of mails
	Stale        bool
}

func (s *Site) showInvite(w http.ResponseWriter, r *http.Request) error {
	at, err := signedIn(r)
	if err != nil {
		return err
	}
	if ok, err := s.confirmed(w, r, at); !ok {
		return err
	}
	return s.renderInvite(w, r, at, page.FilledForm(url.Values{"roles": {org.RoleAidant}, "lang": {page.Lang(r)}}), http.StatusOK)
}

func (s *Site) renderInvite(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, status int) error {
	p := &invitePage{Common: page.Common{Title: "referent.invite.title", Current: home.Href, Trail: []page.Link{home, team}, Form: form}, Organisation: at.OrganisationName,
		Stale: status == http.StatusConflict}
	for _, lang := range []string{"fr", "en"} {
		text, err := s.Pages.Text(page.Lang(r), "referent.lang."+lang)
		if err != nil {
			return err
		}
		p.Tongues = append(p.Tongues, choice{lang, text})
	}
	return s.Pages.Render(w, r, status, "referent/invite.html", p)
}

// inviteeOf reads the form and notes what is wrong with it.
func inviteeOf(form *page.Form) invitation.Invitee {
	n := invitation.Invitee{GivenName: form.Text("given_name", 100), UsualName: form.Text("usual_name", 100), Email: form.Value("email"), Roles: form.Values("roles"),
		Profession: form.Text("profession", 100), DigitalAdviser: form.Ticked("digital_adviser"), Phone: form.Value("phone"), Lang: form.Choice("lang", "fr", "en")}
	wrong := func(field string, bad bool) {
		if bad {
			form.Fail(field, "referent.field.wrong."+field)
		}
	}
	wrong("given_name", n.GivenName == "")
	wrong("usual_name", n.UsualName == "")
	_, err := org.Email(n.Email)
	wrong("email", err != nil)
	wrong("roles", len(n.Roles) == 0)
	if n.Phone != "" {
		_, err = org.Phone(n.Phone)
		wrong("phone", err != nil)
	}
	return n
}

// doInvite answers alike whether the address is known elsewhere or not; that somebody works here already, or is invited, this
// organisation knows anyway.
func (s *Site) doInvite(w http.ResponseWriter, r *http.Request) error {
	at, err := signedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	n := inviteeOf(form)
	if form.Failed() {
		return s.renderInvite(w, r, at, form, http.StatusUnprocessableEntity)
	}
	switch _, err := s.Invitations.Invite(r.Context(), at.Actor(), n); {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.renderInvite(w, r, at, form, http.StatusConflict)
	case errors.Is(err, db.ErrConflict):
		form.Fail("email", "referent.invite.wrong.member")
	case errors.Is(err, invitation.ErrFields), errors.Is(err, org.ErrContact):
		form.Fail("email", "referent.field.wrong.value")
	case err != nil:
		return refusal(err)
	}
	if form.Failed() {
		return s.renderInvite(w, r, at, form, http.StatusUnprocessableEntity)
	}
	return s.finish(w, r, at, team.Href, "referent.invite.sent")
}

func (s *Site) doResend(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.resent", s.Invitations.Resend)
}

func (s *Site) doWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.withdrawn", s.Invitations.Withdraw)
}

// invitation is an act of one button on the invitation of the path.
func (s *Site) invitation(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := withID(r, "invitation")
	if err != nil {
		return err
	}
	switch err := do(r.Context(), at.Actor(), id); {
	case errors.Is(err, org.ErrFactorTooOld):
		if err := s.Sessions.Notify(r.Context(), at, notices, "referent.person.confirmed"); err != nil {
			return err
		}
		return s.Sessions.SendToStepUp(w, r, team.Href)
	case err != nil:
		return refusal(err)
	}
	return s.finish(w, r, at, team.Href, done)
}
