package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

type organisationsPage struct {
	page.Common
	Organisations []org.Organisation
	More          bool // there may be others
}

// mostListed is how many organisations org.Directory lists.
const mostListed = 100

// listOrganisations finds organisations by what is public of them: the words may stand in the address.
func (s *Site) listOrganisations(w http.ResponseWriter, r *http.Request) error {
	at, err := signedIn(r)
	if err != nil {
		return err
	}
	form := page.FilledForm(r.URL.Query())
	p := &organisationsPage{Common: page.Common{Title: "admin.organisations.title", Current: home.Href, Trail: []page.Link{home}, Form: form, KeepQuery: []string{"q"}}}
	if p.Organisations, err = s.Directory.Organisations(r.Context(), at.Actor(), form.Text("q", 100)); err != nil {
		return refusal(err)
	}
	p.More = len(p.Organisations) == mostListed
	return s.Pages.Render(w, r, http.StatusOK, "admin/organisations.html", p)
}

type organisationPage struct {
	page.Common
	Organisation org.Organisation
	Kind         string // in words
	People       []somebody
	Invitations  []invited
	Notice       string
}

// somebody is a line of a list of people.
type somebody struct {
	ID          uuid.UUID
	Name, Email string
	Roles       []string
	State       string // as org.Colleague's
}

// invited is an invitation that nobody has accepted yet.
type invited struct {
	invitation.Invitation
	Name string
	Over bool // its time is over: it can be sent again
}

func (s *Site) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, id, err := withID(r, "organisation")
	if err != nil {
		return err
	}
	p := &organisationPage{Common: page.Common{Title: "admin.organisation.title", Current: home.Href, Trail: []page.Link{home, organisations}}}
	if p.Organisation, err = s.Directory.Organisation(r.Context(), id); err != nil {
		return err
	}
	p.Kind = kind(page.Lang(r), p.Organisation)
	people, err := s.Directory.TeamOf(r.Context(), at.Actor(), id, s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	for _, c := range people {
		p.People = append(p.People, somebody{c.ID, c.GivenName + " " + c.UsualName, c.Email, c.Roles, c.State})
	}
	open, err := s.Invitations.ListOf(r.Context(), at.Actor(), id)
	if err != nil {
		return refusal(err)
	}
	for _, i := range open {
		p.Invitations = append(p.Invitations, invited{i, i.GivenName + " " + i.UsualName, i.Late(s.Clock.Now())})
	}
	if p.Notice, err = s.Sessions.Notice(r.Context(), at, notices); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/organisation.html", p)
}

// kind says in words what an organisation is.
func kind(lang string, o org.Organisation) string {
	if o.KindOther != "" {
		return o.KindOther
	}
	i := slices.IndexFunc(kinds(lang), func(c choice) bool { return c.Value == o.Kind })
	if i < 0 {
		return ""
	}
	return kinds(lang)[i].Text
}

func kinds(lang string) []choice {
	var out []choice
	for _, k := range org.Kinds() {
		text := k.French
		if lang == "en" {
			text = k.English
		}
		out = append(out, choice{k.Key, text})
	}
	return out
}

// confirmPage asks before something with a wide effect. Key is the beginning of its texts.
type confirmPage struct {
	page.Common
	Key, Name, Action, Back string
}

// confirm shows a page that asks before an act.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request, p *confirmPage) error {
	p.Title = p.Key + "title"
	return s.Pages.Render(w, r, http.StatusOK, "admin/confirm.html", p)
}

func (s *Site) showSuspendOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, id, err := withID(r, "organisation")
	if err != nil {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	if err != nil {
		return err
	}
	if ok, err := s.confirmed(w, r, at); !ok {
		return err
	}
	return s.confirm(w, r, &confirmPage{Common: page.Common{Trail: []page.Link{home, organisations}, Current: home.Href}, Key: "admin.organisation.suspend.",
		Name: o.Name, Action: organisationPath(id) + "/suspension", Back: organisationPath(id)})
}

func (s *Site) doSuspendOrganisation(w http.ResponseWriter, r *http.Request) error {
	return s.onOrganisation(w, r, "admin.organisation.suspended", s.Directory.SuspendOrganisation)
}

func (s *Site) doResumeOrganisation(w http.ResponseWriter, r *http.Request) error {
	return s.onOrganisation(w, r, "admin.organisation.resumed", s.Directory.ResumeOrganisation)
}

func (s *Site) onOrganisation(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := withID(r, "organisation")
	if err != nil {
		return err
	}
	if _, err := s.Directory.Organisation(r.Context(), id); err != nil {
		return err
	}
	return s.press(w, r, at, organisationPath(id), done, func() error { return do(r.Context(), at.Actor(), id) })
}

// invitePage is a form for a name and an address. Key is the beginning of its texts.
type invitePage struct {
	page.Common
	Key, Name, Action, Back string
	Stale                   bool
}

func (s *Site) renderInvite(w http.ResponseWriter, r *http.Request, p *invitePage, form *page.Form, status int) error {
	p.Title, p.Form, p.Stale = p.Key+"title", form, status == http.StatusConflict
	return s.Pages.Render(w, r, status, "admin/invite.html", p)
}

// inviteForm is the page to invite a referent, which an organisation needs that has lost its own.
func (s *Site) inviteForm(r *http.Request) (*session.Session, uuid.UUID, *invitePage, error) {
	at, id, err := withID(r, "organisation")
	if err != nil {
		return nil, uuid.Nil, nil, err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	path := organisationPath(id)
	return at, id, &invitePage{Common: page.Common{Current: home.Href, Trail: []page.Link{home, organisations, {Href: path, Text: "admin.organisation.title"}}},
		Key: "admin.organisation.invite.", Name: o.Name, Action: path + "/referent", Back: path}, err
}

func (s *Site) showInvite(w http.ResponseWriter, r *http.Request) error {
	at, _, p, err := s.inviteForm(r)
	if err != nil {
		return err
	}
	if ok, err := s.confirmed(w, r, at); !ok {
		return err
	}
	return s.renderInvite(w, r, p, page.FilledForm(url.Values{}), http.StatusOK)
}

// inviteeOf reads a name and an address, whose fields begin with a prefix, and notes what is wrong with them.
func inviteeOf(form *page.Form, prefix string) invitation.Invitee {
	n := invitation.Invitee{GivenName: form.Text(prefix+"given_name", 100), UsualName: form.Text(prefix+"usual_name", 100), Email: form.Value(prefix + "email")}
	_, err := org.Email(n.Email)
	for _, f := range []struct {
		name string
		bad  bool
	}{{"given_name", n.GivenName == ""}, {"usual_name", n.UsualName == ""}, {"email", err != nil}} {
		if f.bad {
			form.Fail(prefix+f.name, "referent.field.wrong."+f.name)
		}
	}
	return n
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
	n := inviteeOf(form, "")
	n.Organisation, n.Roles = id, []string{org.RoleReferent}
	if form.Failed() {
		return s.renderInvite(w, r, p, form, http.StatusUnprocessableEntity)
	}
	switch _, err := s.Invitations.Invite(r.Context(), at.Actor(), n); {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.renderInvite(w, r, p, form, http.StatusConflict)
	case errors.Is(err, db.ErrConflict):
		form.Fail("email", "referent.invite.wrong.member")
		return s.renderInvite(w, r, p, form, http.StatusUnprocessableEntity)
	case err != nil:
		return refusal(err)
	}
	return s.finish(w, r, at, p.Back, "admin.organisation.invited")
}

func (s *Site) doResend(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.resent", s.Invitations.Resend)
}

func (s *Site) doWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.invitation(w, r, "referent.invite.withdrawn", s.Invitations.Withdraw)
}

// invitation is an act of one button on the invitation of the path, to an organisation or to administer.
func (s *Site) invitation(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := withID(r, "invitation")
	if err != nil {
		return err
	}
	i, err := s.Invitations.Find(r.Context(), id)
	if err != nil {
		return err
	}
	back := "/admin/administrateurs"
	if !i.Administrator() {
		back = organisationPath(i.Organisation)
	}
	return s.press(w, r, at, back, done, func() error { return do(r.Context(), at.Actor(), id) })
}
