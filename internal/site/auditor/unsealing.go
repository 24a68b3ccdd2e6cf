package auditor

import (
	"context"
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

const leveesPath = "/audit/levees"

var (
	levees      = page.Link{Href: leveesPath, Text: "auditor.unsealing.list.title"}
	underLevees = append(trail[:1:1], levees)
)

func (s *Site) mountUnsealings(r *page.Router) {
	r.Get(leveesPath, page.Auditor, s.listUnsealings)
	r.Get("/audit/usagers/{citizen}/levee", page.Auditor, s.showAskCitizen)
	r.Post("/audit/usagers/{citizen}/levee", page.Auditor, s.doAskCitizen)
	r.Get("/audit/personnes/{person}/levee", page.Auditor, s.showAskPerson)
	r.Post("/audit/personnes/{person}/levee", page.Auditor, s.doAskPerson)
	r.Get("/audit/levees/{unsealing}", page.Auditor, s.showUnsealing)
	r.Post("/audit/levees/{unsealing}/accord", page.Auditor, s.doGrant)
	r.Post("/audit/levees/{unsealing}/refus", page.Auditor, s.doRefuse)
	r.Post("/audit/levees/{unsealing}/retrait", page.Auditor, s.doWithdraw)
	r.Post("/audit/levees/{unsealing}/fin", page.Auditor, s.doEnd)
	r.Post("/audit/levees/{unsealing}/nom", page.Auditor, s.doLook)
}

// acts are those of these pages.
func (s *Site) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "audit", Refusal: refusal}
}

// refusal turns what the rules refuse into words.
func refusal(err error) error {
	for _, c := range []struct {
		err error
		key string
	}{
		{org.ErrYourself, "auditor.problem.yourself"}, {org.ErrNotSecond, "auditor.problem.not_second"}, {unsealing.ErrOneBrowser, "auditor.problem.one_browser"}, {db.ErrConflict, "auditor.problem.decided"},
	} {
		if errors.Is(err, c.err) {
			return page.NewProblem(http.StatusConflict, c.key, leveesPath)
		}
	}
	if errors.Is(err, org.ErrMayNot) {
		return page.ErrForbidden
	}
	return err
}

// levee is an unsealing as pages show it to somebody.
type levee struct {
	unsealing.Unsealing
	Mine bool // they asked
}

// Whom is the pseudonym that it is about.
func (l levee) Whom() string { return journal.Pseudonym(l.Subject()) }

// Asker is who asked, for the eye.
func (l levee) Asker() string { return journal.Pseudonym(l.AskedBy) }

// Decider is who granted or refused it, for the eye; "" when nobody did.
func (l levee) Decider() string {
	if l.DecidedBy == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(l.DecidedBy)
}

type leveesPage struct {
	page.Common
	Waiting []levee // for who looks, to grant or refuse
	Mine    []levee // that wait, or stand
	Past    []levee
	Notice  string
}

func (s *Site) listUnsealings(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	all, err := s.Unsealings.List(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	data := &leveesPage{Common: page.Common{Title: levees.Text, Trail: trail, Current: leveesPath}}
	for _, u := range all {
		l := levee{u, u.AskedBy == at.Person}
		switch {
		case l.Mine && (u.State == unsealing.Asked || u.State == unsealing.Granted):
			data.Mine = append(data.Mine, l)
		case forDecision(at.Actor(), u):
			data.Waiting = append(data.Waiting, l)
		default:
			data.Past = append(data.Past, l)
		}
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/levees.html", data)
}

type leveePage struct {
	page.Common
	Levee     levee
	MayDecide bool
	MayEnd    bool
	Name      *unsealing.Name // just looked at
	Notice    string
}

func (s *Site) showUnsealing(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "unsealing")
	if err != nil {
		return err
	}
	data, err := s.unsealing(r, at, id)
	if err != nil {
		return err
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/levee.html", data)
}

func (s *Site) unsealing(r *http.Request, at *session.Session, id uuid.UUID) (*leveePage, error) {
	u, err := s.Unsealings.Find(r.Context(), at.Actor(), id)
	if err != nil {
		return nil, refusal(err)
	}
	l := levee{u, u.AskedBy == at.Person}
	return &leveePage{Common: page.Common{Title: "auditor.unsealing.one.title", TitleArgs: map[string]any{"ID": l.Whom()}, Trail: underLevees, Current: leveesPath}, Levee: l,
		MayDecide: forDecision(at.Actor(), u), MayEnd: u.State == unsealing.Granted && (l.Mine || u.DecidedBy == at.Person)}, nil
}

// doLook answers a POST with the page on which the name stands: it is nothing to come back to, and each look is an entry.
func (s *Site) doLook(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "unsealing")
	if err != nil {
		return err
	}
	name, err := s.Unsealings.Look(r.Context(), at.Actor(), id)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Again(w, r, at, leveesPath+"/"+id.String())
	case errors.Is(err, db.ErrNotFound):
		return page.NewProblem(http.StatusNotFound, "auditor.problem.over", leveesPath)
	case err != nil:
		return refusal(err)
	}
	data, err := s.unsealing(r, at, id)
	if err != nil {
		return err
	}
	data.Name, data.Here = &name, leveesPath+"/"+id.String()
	return s.Pages.Render(w, r, http.StatusOK, "auditor/levee.html", data)
}

func (s *Site) doGrant(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, "auditor.unsealing.was_granted", s.Unsealings.Grant)
}

func (s *Site) doRefuse(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, "auditor.unsealing.was_refused", s.Unsealings.Refuse)
}

func (s *Site) doWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, "auditor.unsealing.was_withdrawn", s.Unsealings.Withdraw)
}

func (s *Site) doEnd(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, "auditor.unsealing.was_ended", s.Unsealings.End)
}

// press is an act of one button on the page of an unsealing.
func (s *Site) press(w http.ResponseWriter, r *http.Request, done string, act func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "unsealing")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, leveesPath+"/"+id.String(), done, func() error { return act(r.Context(), at.Actor(), id) })
}
