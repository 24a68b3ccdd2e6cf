package counter

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

const newTerms = "/mandats/nouveau"

func (s *Site) showNewTerms(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := s.proposed(r, at)
	if err != nil {
		return s.notTransferred(w, r, err)
	}
	if form == nil {
		if form, err = s.Sessions.KeptForm(r, newTerms, nil); err != nil {
			return err
		}
	}
	return s.renderTerms(w, r, at, http.StatusOK, nil, form)
}

// showTerms shows the terms of one's own draft, to be changed, and of a colleague's what is in it.
func (s *Site) showTerms(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.anyDraft(r)
	switch {
	case err != nil:
		return err
	case d.State == draft.Signed || d.State == draft.Abandoned:
		return s.goTo(w, r, staff.Step(d))
	case d.Person != at.Person:
		return s.renderColleagues(w, r, at, http.StatusOK, d)
	}
	form, err := s.Sessions.KeptForm(r, pathOf(d.ID), entered(d.Terms))
	if err != nil {
		return err
	}
	return s.renderTerms(w, r, at, http.StatusOK, &d, form)
}

func (s *Site) doStart(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if again, ok := s.again(r, form); ok {
		return s.renderTerms(w, r, at, http.StatusOK, nil, again)
	}
	t := s.readTerms(form)
	if form.Failed() {
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, nil, form)
	}
	d, err := s.begin(r, at, form, t)
	if errors.Is(err, draft.ErrNotAllowed) {
		form.Fail("procedures", "aidant.terms.wrong.procedures.not_allowed")
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, nil, form)
	}
	if err != nil {
		return s.notTransferred(w, r, err)
	}
	return s.goTo(w, r, staff.Step(d))
}

func (s *Site) doChange(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if again, ok := s.again(r, form); ok {
		return s.renderTerms(w, r, at, http.StatusOK, &d, again)
	}
	t := s.readTerms(form)
	if form.Failed() {
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, &d, form)
	}
	err = s.Drafts.Change(r.Context(), at.Actor(), d.ID, t)
	if errors.Is(err, draft.ErrNotAllowed) {
		form.Fail("procedures", "aidant.terms.wrong.procedures.not_allowed")
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, &d, form)
	}
	if errors.Is(err, draft.ErrState) {
		return s.goTo(w, r, staff.Step(d)) // signed or given up meanwhile: its own page says so
	}
	if err != nil {
		return refusal(err)
	}
	d.State = draft.Open
	return s.goTo(w, r, staff.Step(d))
}

// again returns the form as it is shown again when it was sent by a button that begins nothing: for another language, to find procedures, or for all procedures of one theme, ticked or not.
// Nothing else in it changes.
func (s *Site) again(r *http.Request, form *page.Form) (*page.Form, bool) {
	if page.AsksLanguage(r) {
		return form, true
	}
	key, untick := form.Value("tick"), false
	if key == "" {
		key, untick = form.Value("untick"), true
	}
	theme, ok := s.Catalogue.Theme(key)
	if !ok {
		return form, seeks(form)
	}
	values := maps.Clone(form.Entered())
	chosen := slices.DeleteFunc(slices.Clone(form.Values("procedures")), func(p string) bool { return strings.HasPrefix(p, theme.Key+"-") })
	if !untick {
		for _, p := range theme.Procedures {
			chosen = append(chosen, p.Key)
		}
	}
	values["procedures"] = chosen
	return page.FilledForm(values), true
}

func (s *Site) renderTerms(w http.ResponseWriter, r *http.Request, at *session.Session, status int, d *draft.Draft, form *page.Form) error {
	organisation, err := s.Directory.Acting(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	p := &termsPage{Common: page.Common{Title: "aidant.terms.title", Current: newTerms, Trail: []page.Link{home}, Form: form, KeepQuery: []string{offerField}, LanguageForm: "terms", Scripts: []string{"js/narrow.js"}}, Action: newTerms, Organisation: organisation}
	if d != nil {
		p.Resumed, p.Identified, p.Action = true, d.State == draft.Identified, pathOf(d.ID)
		if p.Notice, err = s.Sessions.Notice(r.Context(), at, termsNotice(d.ID)); err != nil {
			return err
		}
	}
	if err := s.transfer(r, at, p, d); err != nil {
		return s.notTransferred(w, r, err)
	}
	p.offer(s.Catalogue, page.Lang(r), s.Clock.Now())
	return s.Pages.Render(w, r, status, "counter/terms.html", p)
}
