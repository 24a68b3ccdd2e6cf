package auditor

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/unsealing"
)

type askPage struct {
	page.Common
	Sort      string // person or citizen
	ID        uuid.UUID
	Pseudonym string
	Action    string
	Reasons   []string
	Max       int
}

// asking is whom a request asks about: a citizen or a person, and where its form is.
type asking struct {
	sort, path string
	question   unsealing.Question
}

func aboutCitizen(id uuid.UUID) asking {
	return asking{"citizen", "/audit/usagers/" + id.String() + "/levee", unsealing.Question{Citizen: id}}
}

func aboutPerson(id uuid.UUID) asking {
	return asking{"person", "/audit/personnes/" + id.String() + "/levee", unsealing.Question{Person: id}}
}

func (s *Site) showAskCitizen(w http.ResponseWriter, r *http.Request) error {
	return s.showAsk(w, r, "citizen", aboutCitizen)
}

func (s *Site) showAskPerson(w http.ResponseWriter, r *http.Request) error {
	return s.showAsk(w, r, "person", aboutPerson)
}

func (s *Site) showAsk(w http.ResponseWriter, r *http.Request, name string, about func(uuid.UUID) asking) error {
	at, id, err := staff.WithID(r, name)
	if err != nil {
		return err
	}
	a := about(id)
	return s.acts().Begin(w, r, at, a.path, nil, func(f *page.Form, status int) error { return s.askForm(w, r, a, f, status) })
}

func (s *Site) askForm(w http.ResponseWriter, r *http.Request, a asking, f *page.Form, status int) error {
	id := a.question.Citizen
	if a.sort == "person" {
		id = a.question.Person
	}
	return s.Pages.Render(w, r, status, "auditor/levee_form.html", &askPage{Common: page.Common{Title: "auditor.unsealing.ask.title", Trail: underLevees, Current: leveesPath, Form: f, Here: a.path},
		Sort: a.sort, ID: id, Pseudonym: journal.Pseudonym(id), Action: a.path, Reasons: unsealing.Reasons(), Max: unsealing.WordsMax})
}

func (s *Site) doAskCitizen(w http.ResponseWriter, r *http.Request) error {
	return s.doAsk(w, r, "citizen", aboutCitizen)
}

func (s *Site) doAskPerson(w http.ResponseWriter, r *http.Request) error {
	return s.doAsk(w, r, "person", aboutPerson)
}

func (s *Site) doAsk(w http.ResponseWriter, r *http.Request, name string, about func(uuid.UUID) asking) error {
	_, id, err := staff.WithID(r, name)
	if err != nil {
		return err
	}
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	a := about(id)
	a.question.Reason, a.question.Words = f.Choice("motif", unsealing.Reasons()...), f.Value("raison")
	if a.question.Reason == "" {
		f.Fail("motif", "auditor.unsealing.wrong.reason")
	}
	return s.pose(w, r, at, a, f)
}

func (s *Site) pose(w http.ResponseWriter, r *http.Request, at *session.Session, a asking, f *page.Form) error {
	var id uuid.UUID
	var err error
	if !f.Failed() {
		id, err = s.Unsealings.Ask(r.Context(), at.Actor(), a.question)
	}
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, a.path, f)
	case errors.Is(err, unsealing.ErrReason):
		f.Fail("raison", "auditor.unsealing.wrong.words")
	case errors.Is(err, unsealing.ErrSecret):
		f.Fail("raison", "auditor.unsealing.wrong.secret")
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "auditor.problem.asked", leveesPath)
	case err != nil:
		return refusal(err)
	}
	if f.Failed() {
		return s.askForm(w, r, a, f, http.StatusUnprocessableEntity)
	}
	return s.acts().Finish(w, r, at, leveesPath+"/"+id.String(), "auditor.unsealing.was_asked")
}
