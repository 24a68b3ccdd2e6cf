package admin

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
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
	at, err := staff.SignedIn(r)
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
	Kind         string        // in words
	Procedures   []staff.Theme // none for every one
	Hours        staff.Hours
	People       []somebody
	Invitations  []staff.Invited
	Notice       string
}

// somebody is a line of a list of people.
type somebody struct {
	ID          uuid.UUID
	Name, Email string
	Roles       []string
	State       string // as org.Colleague's
}

func (s *Site) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return err
	}
	p := &organisationPage{Common: page.Common{Title: "admin.organisation.title", Current: home.Href, Trail: []page.Link{home, organisations}}}
	if p.Organisation, err = s.Directory.Organisation(r.Context(), id); err != nil {
		return err
	}
	p.Kind = staff.Kind(page.Lang(r), p.Organisation)
	p.Procedures = staff.Allowed(s.Catalogue, page.Lang(r), p.Organisation.Procedures)
	said, err := s.Directory.Hours(r.Context(), id)
	if err != nil {
		return err
	}
	p.Hours = staff.HoursOf(page.Lang(r), p.Organisation, said, s.Clock.Now())
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
	p.Invitations = staff.InvitedNow(open, s.Clock.Now())
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/organisation.html", p)
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
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), id)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
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
	at, id, err := staff.WithID(r, "organisation")
	if err != nil {
		return err
	}
	if _, err := s.Directory.Organisation(r.Context(), id); err != nil {
		return err
	}
	return s.acts().Press(w, r, at, organisationPath(id), done, func() error { return do(r.Context(), at.Actor(), id) })
}
