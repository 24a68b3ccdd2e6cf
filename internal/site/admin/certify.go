package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// certificate is what a person's record says of their certification.
type certificate struct {
	Certificate         string // state, "expired" included
	Until               time.Time
	TrainedOn, TestedOn time.Time // days, zero for none
	Organiser, Training string
	Score, Minimum      int
	Needed              int // the score that it takes now
	Trainings           []staff.Choice
	Open                string // the form that is open: "train", "test" or ""
	Refused             string // key of why an act was refused just now
}

func (s *Site) certificateOf(r *http.Request, person uuid.UUID) (certificate, error) {
	c, err := s.Certifications.Of(r.Context(), person)
	if err != nil {
		return certificate{}, err
	}
	out := certificate{Certificate: c.State(s.Clock.Now()), Until: c.CertifiedUntil, TrainedOn: c.TrainedOn, TestedOn: c.TestedOn, Organiser: c.Organiser, Training: c.Training,
		Score: c.Score, Minimum: c.Minimum, Needed: s.Certifications.Minimum()}
	for _, kind := range []string{certification.Classic, certification.Peer} {
		text, err := s.Pages.Text(page.Lang(r), "admin.training."+kind)
		if err != nil {
			return out, err
		}
		out.Trainings = append(out.Trainings, staff.Choice{Value: kind, Text: text})
	}
	return out, nil
}

// doTrain records a training from the form on a person's record.
func (s *Site) doTrain(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	on, err := time.Parse(time.DateOnly, form.Value("trained_on"))
	if err != nil {
		form.Fail("trained_on", "admin.wrong.date")
	}
	c := certification.Course{On: on, Organiser: form.Text("organiser", 200), Kind: form.Choice("training", certification.Classic, certification.Peer)}
	if c.Organiser == "" {
		form.Fail("organiser", "admin.wrong.organiser")
	}
	if c.Kind == "" {
		form.Fail("training", "admin.wrong.training")
	}
	return s.record(w, r, form, "train", "trained_on", "admin.certificate.was.trained", func(ctx context.Context, by journal.Actor, person uuid.UUID) error {
		return s.Certifications.Train(ctx, by, person, c)
	})
}

// doTest records a test from the form on a person's record.
func (s *Site) doTest(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	on, err := time.Parse(time.DateOnly, form.Value("tested_on"))
	if err != nil {
		form.Fail("tested_on", "admin.wrong.date")
	}
	score, err := strconv.Atoi(form.Value("score"))
	if err != nil || score < 0 || score > 1000 {
		form.Fail("score", "admin.wrong.score")
	}
	return s.record(w, r, form, "test", "tested_on", "admin.certificate.was.passed", func(ctx context.Context, by journal.Actor, person uuid.UUID) error {
		return s.Certifications.Test(ctx, by, person, certification.Test{On: on, Score: score})
	})
}

// record runs the act of a form, or shows the record again with the form as it was filled in. What the rules refuse stands at the field of the day.
func (s *Site) record(w http.ResponseWriter, r *http.Request, form *page.Form, open, field, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	if !form.Failed() {
		err := do(r.Context(), at.Actor(), id)
		switch key := certification.Key(err); {
		case err == nil:
			return s.acts().Finish(w, r, at, personPath(id), done)
		case errors.Is(err, org.ErrFactorTooOld):
			return s.acts().Later(w, r, personPath(id), form)
		case key != "":
			form.Fail(field, "admin.refused."+key)
		default:
			return refusal(err)
		}
	}
	return s.renderPerson(w, r, at, id, http.StatusUnprocessableEntity, func(p *personPage) { p.Form, p.Open = form, open })
}

func (s *Site) doCertify(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "admin.certificate.was.certified", s.Certifications.Certify)
}

func (s *Site) doSuspendCertificate(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "admin.certificate.was.suspended", s.Certifications.Suspend)
}

func (s *Site) doResumeCertificate(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "admin.certificate.was.resumed", s.Certifications.Resume)
}

// decide is an act of one button on a certificate. What the rules refuse is said on the record.
func (s *Site) decide(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, uuid.UUID) error) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	refused := ""
	err = s.acts().Press(w, r, at, personPath(id), done, func() error {
		err := do(r.Context(), at.Actor(), id)
		refused = certification.Key(err)
		return err
	})
	if refused == "" {
		return err
	}
	return s.renderPerson(w, r, at, id, http.StatusUnprocessableEntity, func(p *personPage) { p.Refused = "admin.refused." + refused })
}
