package counter

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mandat/internal/draft"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

type termsPage struct {
	page.Common
	Action       string // where the form is sent
	Resumed      bool   // the terms of a draft that exists
	Identified   bool   // changing them drops the identity
	Organisation org.Organisation
	Themes       []themeChoice
	Durations    []durationChoice
}

type themeChoice struct {
	Key, Name  string
	Procedures []procedureChoice
	Chosen     int
}

type procedureChoice struct {
	Key, Name, Body, Warning string
	Chosen                   bool
}

type durationChoice struct {
	Days   int
	EndsAt time.Time
	Chosen bool
}

func (s *Site) showNewTerms(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.renderTerms(w, r, at, http.StatusOK, nil, nil)
}

func (s *Site) showTerms(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if d.State == draft.Signed || d.State == draft.Abandoned {
		return s.goTo(w, r, staff.Step(d))
	}
	kept := page.FilledForm(url.Values{"procedures": d.Terms.Procedures(), "days": {strconv.Itoa(d.Terms.Days)}})
	return s.renderTerms(w, r, at, http.StatusOK, &d, kept)
}

func (s *Site) renderTerms(w http.ResponseWriter, r *http.Request, at *session.Session, status int, d *draft.Draft, form *page.Form) error {
	organisation, err := s.Directory.Acting(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	p := &termsPage{Common: page.Common{Title: "aidant.terms.title", Current: "/mandats/nouveau", Trail: []page.Link{home}, Form: form},
		Action: "/mandats/nouveau", Organisation: organisation}
	if d != nil {
		p.Resumed, p.Identified, p.Action = true, d.State == draft.Identified, "/brouillons/"+d.ID.String()
	}
	for _, theme := range s.Catalogue.Themes() {
		choice := themeChoice{Key: theme.Key, Name: theme.Name.In(page.Lang(r))}
		for _, x := range theme.Procedures {
			if !organisation.Allows(x.Key) {
				continue
			}
			chosen := form.Has("procedures", x.Key)
			if chosen {
				choice.Chosen++
			}
			choice.Procedures = append(choice.Procedures, procedureChoice{x.Key, x.Name.In(page.Lang(r)), x.Body.In(page.Lang(r)), x.Warning.In(page.Lang(r)), chosen})
		}
		if choice.Procedures != nil {
			p.Themes = append(p.Themes, choice)
		}
	}
	for _, days := range terms.Days {
		p.Durations = append(p.Durations, durationChoice{days, terms.EndOf(s.Clock.Now(), days), form.Has("days", strconv.Itoa(days))})
	}
	return s.Pages.Render(w, r, status, "counter/terms.html", p)
}

// parseTerms reads the form and notes its mistakes in the order of the page.
func (s *Site) parseTerms(r *http.Request) (terms.Terms, *page.Form, error) {
	form, err := page.ParseForm(r)
	if err != nil {
		return terms.Terms{}, nil, err
	}
	days, _ := strconv.Atoi(form.Value("days"))
	t := terms.Terms{Days: days, NoProtection: form.Ticked("no_protection"), Informed: form.Ticked("informed"), Warned: true, Tell: true}
	for _, key := range form.Values("procedures") {
		p, _ := s.Catalogue.Find(key)
		level := procedure.Act
		if len(p.Levels) > 0 && !p.Offers(level) {
			level = p.Levels[0]
		}
		t.Powers = append(t.Powers, terms.Asked{Procedure: key, Level: level})
	}
	wrong := t.Check(s.Catalogue, s.Clock.Now())
	for _, field := range []string{"informed", "procedures", "days", "no_protection"} {
		if code, ok := wrong[field]; ok {
			form.Fail(field, "aidant.terms.wrong."+field+"."+code)
		}
	}
	return t, form, nil
}

func (s *Site) doStart(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	t, form, err := s.parseTerms(r)
	if err != nil {
		return err
	}
	if form.Failed() {
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, nil, form)
	}
	d, err := s.Drafts.Start(r.Context(), at.Actor(), t)
	if errors.Is(err, draft.ErrNotAllowed) {
		form.Fail("procedures", "aidant.terms.wrong.procedures.not_allowed")
		return s.renderTerms(w, r, at, http.StatusUnprocessableEntity, nil, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.goTo(w, r, staff.Step(d))
}

func (s *Site) doChange(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	t, form, err := s.parseTerms(r)
	if err != nil {
		return err
	}
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

func (s *Site) doAbandon(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "draft")
	if err != nil {
		return err
	}
	err = s.Drafts.Abandon(r.Context(), at.Actor(), id)
	if errors.Is(err, draft.ErrState) {
		return draftGone()
	}
	if err != nil {
		return err
	}
	if err := s.Sessions.Notify(r.Context(), at, "home", "aidant.home.abandoned"); err != nil {
		return err
	}
	return s.goTo(w, r, "/espace")
}
