package auditor

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/recipient"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Signals serves the pages of what FranceConnect's fraud team tells auditors.
type Signals struct {
	Pages      *page.Pages
	Sessions   *session.Sessions
	Recipients *recipient.Register
	Anomalies  *anomaly.Register // lists the cases that stand
	Clock      *clock.Clock
}

const signalsPath = "/audit/signalements"

var signalsLink = page.Link{Href: signalsPath, Text: "receiving.queue.title"}

// Mount adds the pages' routes.
func (s *Signals) Mount(r *page.Router) {
	r.Get(signalsPath, page.Auditor, s.list)
	r.Get("/audit/signalements/{signal}", page.Auditor, s.show)
	r.Post("/audit/signalements/{signal}", page.Auditor, s.deal)
}

// acts are those of these pages.
func (s *Signals) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "audit", Refusal: signalRefusal}
}

// signalRefusal turns what the rules refuse into words.
func signalRefusal(err error) error {
	switch {
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "receiving.problem.dealt", signalsPath)
	case errors.Is(err, org.ErrMayNot):
		return page.ErrForbidden
	}
	return err
}

type signalsPage struct {
	page.Common
	Signals []recipient.Signal
	Notice  string
}

func (s *Signals) list(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &signalsPage{Common: page.Common{Title: signalsLink.Text, Trail: trail, Current: signalsPath}}
	if p.Signals, err = s.Recipients.Queue(r.Context(), at.Actor()); err != nil {
		return signalRefusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "recipients/queue.html", p)
}

type signalPage struct {
	page.Common
	Signal   recipient.Signal
	By       string // the pseudonym of who raised it
	Case     string // id of the case it is in, "" for none
	Cases    []anomaly.Case
	Outcomes []string
	Notice   string
}

func (s *Signals) show(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "signal")
	if err != nil {
		return err
	}
	notice, err := s.acts().Notice(r, at)
	if err != nil {
		return err
	}
	return s.render(w, r, at, id, page.FilledForm(nil), http.StatusOK, notice)
}

func (s *Signals) render(w http.ResponseWriter, r *http.Request, at *session.Session, id uuid.UUID, f *page.Form, status int, notice string) error {
	one, err := s.Recipients.Signal(r.Context(), at.Actor(), id)
	if err != nil {
		return signalRefusal(err)
	}
	p := &signalPage{Common: page.Common{Title: "receiving.queue.one", Trail: append(trail[:1:1], signalsLink), Current: signalsPath, Form: f}, Signal: one, By: journal.Pseudonym(one.RaisedBy),
		Outcomes: recipient.Outcomes(), Notice: notice}
	if one.Case != uuid.Nil {
		p.Case = one.Case.String()
	}
	if one.State == recipient.Raised {
		if p.Cases, err = s.Anomalies.Cases(r.Context(), at.Actor()); err != nil {
			return signalRefusal(err)
		}
	}
	return s.Pages.Render(w, r, status, "recipients/dealing.html", p)
}

// deal takes a signal into a case when the form names one, or closes it.
func (s *Signals) deal(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "signal")
	if err != nil {
		return err
	}
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	path := signalsPath + "/" + id.String()
	if into, err := uuid.Parse(f.Value("dossier")); err == nil {
		return s.acts().Press(w, r, at, path, "receiving.queue.was_taken", func() error { return s.Recipients.Take(r.Context(), at.Actor(), id, into) })
	}
	outcome := f.Choice("suite", recipient.Outcomes()...)
	if outcome == "" {
		f.Fail("suite", "receiving.queue.wrong.outcome")
		return s.render(w, r, at, id, f, http.StatusUnprocessableEntity, "")
	}
	return s.acts().Press(w, r, at, path, "receiving.queue.was_closed", func() error { return s.Recipients.Close(r.Context(), at.Actor(), id, outcome) })
}
