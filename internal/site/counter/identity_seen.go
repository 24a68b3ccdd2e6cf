package counter

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// documentPage is counter/document.html: what the aidant reads on a document.
type documentPage struct {
	page.Common
	Draft draft.Draft
	Kinds []string
}

// knownPage is counter/known.html: who comes again.
type knownPage struct {
	page.Common
	Draft    draft.Draft
	Searched bool
	Found    []citizen.Citizen
	Most     int
}

// below finds a draft of the path that may be identified by a rung below FranceConnect. Where it goes on otherwise is elsewhere.
func (s *Site) below(r *http.Request, by string) (at *session.Session, d draft.Draft, elsewhere string, err error) {
	at, d, err = s.ownDraft(r)
	switch {
	case err != nil:
	case d.State == draft.Signed || d.State == draft.Abandoned:
		elsewhere = staff.Step(d)
	case s.Drafts.High(d.Terms.Procedures(), by) != nil:
		elsewhere = "/brouillons/" + d.ID.String() + "/identite" // which names the procedures
	}
	return at, d, elsewhere, err
}

func (s *Site) showDocument(w http.ResponseWriter, r *http.Request) error {
	_, d, elsewhere, err := s.below(r, draft.ByDocument)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	form, err := s.Sessions.KeptForm(r, documentPath(d.ID), nil)
	if err != nil {
		return err
	}
	return s.renderDocument(w, r, http.StatusOK, d, form)
}

func documentPath(id uuid.UUID) string { return pathOf(id) + "/identite/piece" }

func (s *Site) renderDocument(w http.ResponseWriter, r *http.Request, status int, d draft.Draft, form *page.Form) error {
	p := &documentPage{Common: page.Common{Title: "ladder.document.title", Current: "/mandats/nouveau", Trail: trail(d), Form: form}, Draft: d, Kinds: draft.Documents}
	return s.Pages.Render(w, r, status, "counter/document.html", p)
}

func (s *Site) doDocument(w http.ResponseWriter, r *http.Request) error {
	at, d, elsewhere, err := s.below(r, draft.ByDocument)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	if form.Ticked("edit") { // back from the question who of several it is
		return s.renderDocument(w, r, http.StatusOK, d, form)
	}
	i := citizen.Identity{FamilyName: form.Value("family_name"), GivenName: form.Value("given_name"), PreferredUsername: form.Value("usage_name"), Birthdate: birthdate(form),
		BornTown: form.Value("born_town"), BornCountry: form.Value("born_country"), Email: form.Value("email")}
	if mistakes(form, i); form.Failed() {
		return s.renderDocument(w, r, http.StatusUnprocessableEntity, d, form)
	}
	return s.readDocument(w, r, at, d, form, i)
}

// mistakes notes what is wrong with what was typed. That no birth place was read has to be said: it tells homonyms apart.
func mistakes(form *page.Form, i citizen.Identity) {
	wrong := draft.Misread(i, form.Value("document"))
	if i.BornTown == "" && i.BornCountry == "" && !form.Ticked("born_unwritten") {
		wrong["born_town"] = "missing"
	}
	for _, field := range []string{"document", "family_name", "usage_name", "given_name", "birthdate", "born_town", "born_country", "email"} {
		if code, ok := wrong[field]; ok {
			form.Fail(field, "ladder.document.wrong."+field+"."+code)
		}
	}
}

// birthdate puts a date together from its three fields. What is no number stays none, which the rule refuses.
func birthdate(form *page.Form) string {
	part := func(name string, least, digits int) string {
		v := form.Value(name)
		if len(v) < least || len(v) > digits || strings.Trim(v, "0123456789") != "" {
			return "?"
		}
		return strings.Repeat("0", digits-len(v)) + v
	}
	return part("birth_year", 4, 4) + "-" + part("birth_month", 1, 2) + "-" + part("birth_day", 1, 2)
}

// identified goes on after an identity was put into a draft, or says why it was not.
func (s *Site) identified(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, err error) error {
	switch {
	case err == nil:
		return s.goTo(w, r, "/brouillons/"+d.ID.String()+"/recapitulatif")
	case errors.Is(err, draft.ErrMinor):
		return s.identifyAgain(w, r, at, d, "ladder.refused.minor")
	case errors.Is(err, citizen.ErrRestricted):
		return s.identifyAgain(w, r, at, d, "erasing.refused")
	case errors.Is(err, draft.ErrTooLow):
		return s.identifyAgain(w, r, at, d, "ladder.refused.too_low")
	case errors.Is(err, db.ErrNotFound):
		return s.identifyAgain(w, r, at, d, "ladder.refused.unknown")
	case errors.Is(err, draft.ErrState), errors.Is(err, draft.ErrSigned):
		return s.goTo(w, r, staff.Step(d))
	}
	return refusal(err)
}

func (s *Site) showKnown(w http.ResponseWriter, r *http.Request) error {
	_, d, elsewhere, err := s.below(r, draft.ByAcquaintance)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	return s.renderKnown(w, r, http.StatusOK, d, nil, nil)
}

func (s *Site) renderKnown(w http.ResponseWriter, r *http.Request, status int, d draft.Draft, form *page.Form, found []citizen.Citizen) error {
	p := &knownPage{Common: page.Common{Title: "ladder.known.title", Current: "/mandats/nouveau", Trail: trail(d), Form: form}, Draft: d, Searched: form != nil && !form.Failed(), Found: found,
		Most: citizen.MaxResults}
	return s.Pages.Render(w, r, status, "counter/known.html", p)
}

// doSearchKnown looks for somebody. It is posted, because names must not stand in addresses.
func (s *Site) doSearchKnown(w http.ResponseWriter, r *http.Request) error {
	at, d, elsewhere, err := s.below(r, draft.ByAcquaintance)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	found, err := s.Mandates.Citizens(r.Context(), at.Actor(), form.Text("recherche", 100), uuid.Nil)
	if errors.Is(err, citizen.ErrTooShort) {
		form.Fail("recherche", "ladder.known.too_short")
		return s.renderKnown(w, r, http.StatusUnprocessableEntity, d, form, nil)
	}
	if err != nil {
		return refusal(err)
	}
	return s.renderKnown(w, r, http.StatusOK, d, form, found)
}

func (s *Site) doRecognise(w http.ResponseWriter, r *http.Request) error {
	at, d, elsewhere, err := s.below(r, draft.ByAcquaintance)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	who, err := uuid.Parse(form.Value("person"))
	if err != nil {
		return s.identifyAgain(w, r, at, d, "ladder.refused.unknown")
	}
	return s.identified(w, r, at, d, s.Drafts.Recognise(r.Context(), at.Actor(), d.ID, who))
}
