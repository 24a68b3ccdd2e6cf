package referent

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

type limitPage struct {
	page.Common
	Whose        string // "person" or "organisation"
	Name         string // of the person
	Action, Back string
	Themes       []theme
}

type theme struct {
	Key, Name  string
	Chosen     int
	Procedures []procedureChoice
}

type procedureChoice struct {
	Key, Name, Body string
	Chosen          bool
}

// themes are the procedures that may be chosen, as ticked in the form. Those outside within are left out; nil is every one.
func (s *Site) themes(lang string, form *page.Form, within []string) []theme {
	var out []theme
	for _, t := range s.Catalogue.Themes() {
		x := theme{Key: t.Key, Name: t.Name.In(lang)}
		for _, p := range t.Procedures {
			if within != nil && !slices.Contains(within, p.Key) {
				continue
			}
			c := procedureChoice{p.Key, p.Name.In(lang), p.Body.In(lang), form.Has("procedures", p.Key)}
			if c.Chosen {
				x.Chosen++
			}
			x.Procedures = append(x.Procedures, c)
		}
		if len(x.Procedures) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// filled is the form of what is allowed now.
func filled(procedures []string) *page.Form {
	values := url.Values{"procedures": procedures}
	if procedures == nil {
		values.Set("every", "on")
	}
	return page.FilledForm(values)
}

// chosen reads the form: nil for every procedure. A choice of nothing, or of what is not in the catalogue, is a mistake.
func (s *Site) chosen(form *page.Form) []string {
	if form.Ticked("every") {
		return nil
	}
	out := slices.Compact(slices.Sorted(slices.Values(form.Values("procedures"))))
	for _, key := range out {
		if _, ok := s.Catalogue.Find(key); !ok {
			out = nil
		}
	}
	if len(out) == 0 {
		form.Fail("procedures", "referent.procedures.wrong")
	}
	return out
}

// limited answers with the form when it cannot be accepted as it is.
func (s *Site) limited(w http.ResponseWriter, r *http.Request, p *limitPage, form *page.Form, within []string, status int) error {
	p.Title, p.Current, p.Form = "referent.procedures.title", home.Href, form
	p.Themes = s.themes(page.Lang(r), form, within)
	return s.Pages.Render(w, r, status, "referent/procedures.html", p)
}

func limitOf(c org.Colleague) *limitPage {
	path := personPath(c.ID)
	return &limitPage{Common: page.Common{Trail: trailOf(c)}, Whose: "person", Name: c.GivenName + " " + c.UsualName,
		Action: path + "/demarches", Back: path}
}

func (s *Site) showLimit(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	if !slices.Contains(c.Roles, org.RoleAidant) {
		return db.ErrNotFound
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	if err != nil {
		return err
	}
	p := limitOf(c)
	form, err := s.acts().Kept(r, p.Action, filled(c.Procedures))
	if err != nil {
		return err
	}
	return s.limited(w, r, p, form, o.Procedures, http.StatusOK)
}

func (s *Site) doLimit(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	if err != nil {
		return err
	}
	chosen := s.chosen(form)
	if form.Failed() {
		return s.limited(w, r, limitOf(c), form, o.Procedures, http.StatusUnprocessableEntity)
	}
	err = s.Directory.LimitProcedures(r.Context(), at.Actor(), c.ID, chosen)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, limitOf(c).Action, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, personPath(c.ID), "referent.procedures.changed")
}

func limitOfOrganisation() *limitPage {
	return &limitPage{Common: page.Common{Trail: []page.Link{home, {Href: "/referent/structure", Text: "referent.organisation.title"}}}, Whose: "organisation",
		Action: "/referent/structure/demarches", Back: "/referent/structure"}
}

func (s *Site) showLimitOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	if err != nil {
		return err
	}
	p := limitOfOrganisation()
	form, err := s.acts().Kept(r, p.Action, filled(o.Procedures))
	if err != nil {
		return err
	}
	return s.limited(w, r, p, form, nil, http.StatusOK)
}

func (s *Site) doLimitOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	chosen := s.chosen(form)
	if form.Failed() {
		return s.limited(w, r, limitOfOrganisation(), form, nil, http.StatusUnprocessableEntity)
	}
	err = s.Directory.LimitOrganisation(r.Context(), at.Actor(), chosen)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, limitOfOrganisation().Action, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, "/referent/structure", "referent.procedures.changed")
}
