package auditor

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// do runs the act of a form on the page of an inquiry. words is the field of its words, about which the page complains.
func (s *Inquiries) do(w http.ResponseWriter, r *http.Request, done, words string, act func(by journal.Actor, id uuid.UUID, form *page.Form) error) error {
	at, id, err := staff.WithID(r, "inquiry")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	err = act(at.Actor(), id, form)
	switch {
	case form.Failed():
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, inquiryPath(id), form)
	case errors.Is(err, inquiry.ErrWords):
		form.Fail(words, "cases.wrong.words")
	case errors.Is(err, inquiry.ErrSecret):
		form.Fail(words, "cases.wrong.secret")
	case errors.Is(err, inquiry.ErrGravity):
		form.Fail("gravite", "cases.wrong.gravity")
	case errors.Is(err, inquiry.ErrSubject):
		form.Fail("structure", "cases.wrong.subject")
	case errors.Is(err, inquiry.ErrOutcome):
		form.Fail("decision", "cases.wrong.outcome")
	case err != nil:
		return refuseInquiry(err)
	default:
		return s.acts().Finish(w, r, at, inquiryPath(id), done)
	}
	return s.render(w, r, http.StatusUnprocessableEntity, form)
}

var errForm = errors.New("what was entered is wrong") // the form says what

func indexIn(form *page.Form, name string) (int64, error) {
	index, err := strconv.ParseInt(strings.TrimSpace(form.Value(name)), 10, 64)
	if err != nil || index < 0 {
		form.Fail(name, "cases.wrong.index")
		return 0, errForm
	}
	return index, nil
}

func (s *Inquiries) attach(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.attach", "", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		index, err := indexIn(form, "rang")
		if err != nil {
			return err
		}
		switch err = s.Inquiries.Attach(r.Context(), by, id, index); {
		case errors.Is(err, db.ErrConflict):
			form.Fail("rang", "cases.wrong.attached")
		case errors.Is(err, db.ErrNotFound):
			form.Fail("rang", "cases.wrong.index")
		}
		return err
	})
}

func (s *Inquiries) setAside(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.aside", "raison_ecart", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		index, err := indexIn(form, "ecart")
		if err != nil {
			return err
		}
		return s.Inquiries.SetAside(r.Context(), by, id, index, form.Value("raison_ecart"))
	})
}

func (s *Inquiries) note(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.note", "note", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		return s.Inquiries.Note(r.Context(), by, id, form.Value("note"))
	})
}

func (s *Inquiries) find(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.found", "constat", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		f := inquiry.Finding{Gravity: form.Value("gravite"), Words: form.Value("constat")}
		for name, to := range map[string]*uuid.UUID{"structure": &f.Organisation, "personne": &f.Person, "mandat": &f.Mandate} {
			*to = idOf(form, name)
		}
		if form.Failed() {
			return errForm
		}
		_, err := s.Inquiries.Find(r.Context(), by, id, f)
		return err
	})
}

// ordersIn reads what a form names: the finding, and what is to be suspended for it.
func ordersIn(form *page.Form, name string) ([]inquiry.Order, error) {
	var out []inquiry.Order
	for _, value := range form.Values(name) {
		finding, kind, _ := strings.Cut(value, " ")
		id, err := uuid.Parse(finding)
		if err != nil {
			return nil, inquiry.ErrMeasure
		}
		out = append(out, inquiry.Order{Finding: id, Kind: kind})
	}
	return out, nil
}

func (s *Inquiries) suspend(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.suspended", "raison_mesure", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		orders, err := ordersIn(form, "mesure")
		if err != nil {
			return err
		}
		if len(orders) != 1 {
			form.Fail("mesure", "cases.wrong.measure")
			return errForm
		}
		return s.Inquiries.Suspend(r.Context(), by, id, orders[0], form.Value("raison_mesure"))
	})
}

func (s *Inquiries) lift(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.lifted", "raison_levee", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		measure, err := uuid.Parse(form.Value("levee"))
		if err != nil {
			form.Fail("levee", "cases.wrong.measure")
			return errForm
		}
		return s.Inquiries.Lift(r.Context(), by, id, measure, form.Value("raison_levee"))
	})
}

func (s *Inquiries) decide(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.decided", "motifs", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		orders, err := ordersIn(form, "suspendre")
		if err != nil {
			return err
		}
		return s.Inquiries.Decide(r.Context(), by, id, inquiry.Decision{Outcome: form.Value("decision"), Words: form.Value("motifs"), Orders: orders})
	})
}

func (s *Inquiries) close(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.closed", "", func(by journal.Actor, id uuid.UUID, _ *page.Form) error {
		return s.Inquiries.Close(r.Context(), by, id)
	})
}

func (s *Inquiries) reopen(w http.ResponseWriter, r *http.Request) error {
	return s.do(w, r, "cases.done.reopened", "raison_reouverture", func(by journal.Actor, id uuid.UUID, form *page.Form) error {
		return s.Inquiries.Reopen(r.Context(), by, id, form.Value("raison_reouverture"))
	})
}
