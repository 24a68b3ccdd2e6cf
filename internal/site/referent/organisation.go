package referent

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type organisationPage struct {
	page.Common
	Organisation org.Organisation
	Kind         string        // in words
	Procedures   []staff.Theme // none for every one
	Hours        staff.Hours
	Notice       string
}

const organisationPath = "/referent/structure"

func (s *Site) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := s.acts().Kept(r, organisationPath, nil)
	if err != nil {
		return err
	}
	return s.renderOrganisation(w, r, at, form, http.StatusOK)
}

func (s *Site) renderOrganisation(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, status int) error {
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	if err != nil {
		return err
	}
	if form == nil {
		form = page.FilledForm(url.Values{"phone": {o.Phone}, "email": {o.Email}})
	}
	p := &organisationPage{Common: page.Common{Title: "referent.organisation.title", Current: home.Href, Trail: []page.Link{home}, Form: form},
		Organisation: o, Kind: staff.Kind(page.Lang(r), o), Procedures: staff.Allowed(s.Catalogue, page.Lang(r), o.Procedures)}
	said, err := s.Directory.Hours(r.Context(), o.ID)
	if err != nil {
		return err
	}
	p.Hours = staff.HoursOf(page.Lang(r), o, said, s.Clock.Now())
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "referent/organisation.html", p)
}

// doChangeOrganisation changes how the organisation is reached. The rest of its particulars stays as it is.
func (s *Site) doChangeOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	o, err := s.Directory.Organisation(r.Context(), at.Organisation)
	if err != nil {
		return err
	}
	o.Phone, o.Email = form.Value("phone"), form.Value("email")
	for _, field := range []string{"phone", "email"} {
		if slices.Contains(o.Faults(), field) {
			form.Fail(field, "referent.organisation.wrong."+field)
		}
	}
	if form.Failed() {
		return s.renderOrganisation(w, r, at, form, http.StatusUnprocessableEntity)
	}
	err = s.Directory.ChangeOrganisation(r.Context(), at.Actor(), o)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, organisationPath, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, organisationPath, "referent.organisation.changed")
}
