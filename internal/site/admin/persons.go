package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type searchPage struct{ page.Common }

func (s *Site) showSearch(w http.ResponseWriter, r *http.Request) error {
	return s.renderSearch(w, r, nil, http.StatusOK)
}

func (s *Site) renderSearch(w http.ResponseWriter, r *http.Request, form *page.Form, status int) error {
	p := &searchPage{page.Common{Title: "admin.persons.title", Current: home.Href, Trail: []page.Link{home}, Form: form}}
	return s.Pages.Render(w, r, status, "admin/persons.html", p)
}

// doSearch finds one person by their whole address. It is posted, because addresses of people must not stand in those of pages.
func (s *Site) doSearch(w http.ResponseWriter, r *http.Request) error {
	if _, err := staff.SignedIn(r); err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	p, err := s.Directory.FindByEmail(r.Context(), form.Value("email"))
	if errors.Is(err, db.ErrNotFound) {
		form.Fail("email", "admin.persons.nobody")
		return s.renderSearch(w, r, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	page.Redirect(w, r, personPath(p.ID))
	return nil
}

type personPage struct {
	page.Common
	certificate
	Person                          org.Person
	Name                            string
	Self                            bool
	Office                          string // org.Person.Office
	Places                          []place
	Passkeys, Apps, Cards, Recovery int
	Identities                      []org.Asked
	Reset                           *staff.Reset
	MayReset                        bool
	Notice                          string
}

// place is a role of a person somewhere.
type place struct {
	ID         uuid.UUID
	Name, Role string
}

func (s *Site) showPerson(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	form, err := s.acts().Kept(r, personPath(id), nil)
	if err != nil {
		return err
	}
	return s.renderPerson(w, r, at, id, http.StatusOK, func(p *personPage) {
		switch p.Form = form; {
		case form.Values("trained_on") != nil:
			p.Open = "train"
		case form.Values("tested_on") != nil:
			p.Open = "test"
		}
	})
}

// renderPerson shows a person's record, changed by what was refused just now.
func (s *Site) renderPerson(w http.ResponseWriter, r *http.Request, at *session.Session, id uuid.UUID, status int, change func(*personPage)) error {
	p := &personPage{Common: page.Common{Title: "admin.person.title", Current: home.Href, Trail: []page.Link{home, persons}}, Self: id == at.Person}
	var err error
	if p.Person, err = s.Directory.Find(r.Context(), id); err != nil {
		return err
	}
	p.Name = p.Person.GivenName + " " + p.Person.UsualName
	p.Office = p.Person.Office()
	for _, m := range p.Person.Memberships {
		p.Places = append(p.Places, place{m.Organisation.ID, m.Organisation.Name, m.Role})
	}
	if p.certificate, err = s.certificateOf(r, id); err != nil {
		return err
	}
	if err := s.factors(r, at, p); err != nil {
		return err
	}
	change(p)
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/person.html", p)
}

// factors counts a person's second factors, and finds what waits for a decision on them and on their names.
func (s *Site) factors(r *http.Request, at *session.Session, p *personPage) error {
	f, err := s.Credentials.Factors(r.Context(), p.Person.ID)
	if err != nil {
		return err
	}
	p.Passkeys, p.Apps, p.Cards, p.Recovery = len(f.Passkeys), one(f.App != nil), len(f.Cards), f.RecoveryLeft
	asked, err := s.Directory.AskedIdentities(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	p.Identities = slices.DeleteFunc(asked, func(a org.Asked) bool { return a.Person != p.Person.ID })
	open, err := s.Credentials.ResetOf(r.Context(), p.Person.ID)
	if errors.Is(err, db.ErrNotFound) {
		p.MayReset = !p.Self
		return nil
	}
	if err == nil {
		p.Reset, err = staff.ResetFor(r.Context(), s.Directory, at, open)
	}
	return err
}

// asking shows the page that asks before an act on a person. Key is the beginning of its texts.
func (s *Site) asking(w http.ResponseWriter, r *http.Request, key, path string) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	p, err := s.Directory.Find(r.Context(), id)
	if err != nil {
		return err
	}
	if id == at.Person {
		return refusal(org.ErrYourself)
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	return s.confirm(w, r, &confirmPage{Common: page.Common{Trail: trailOf(p.ID), Current: home.Href}, Key: key,
		Name: p.GivenName + " " + p.UsualName, Action: personPath(id) + path, Back: personPath(id)})
}

func (s *Site) showSuspend(w http.ResponseWriter, r *http.Request) error {
	return s.asking(w, r, "admin.person.suspend.", "/suspension")
}

// onPerson is an act of one button on the person of the path.
func (s *Site) onPerson(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, personPath(id), done, func() error { return do(r.Context(), at.Actor(), id) })
}

func (s *Site) doSuspend(w http.ResponseWriter, r *http.Request) error {
	return s.onPerson(w, r, "admin.person.suspended", s.Directory.Suspend)
}

func (s *Site) doResume(w http.ResponseWriter, r *http.Request) error {
	return s.onPerson(w, r, "admin.person.resumed", s.Directory.Resume)
}
