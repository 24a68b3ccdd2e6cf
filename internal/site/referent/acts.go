package referent

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// act runs an act of one button on the person of the path and comes back to their page.
func (s *Site) act(w http.ResponseWriter, r *http.Request, done string, do func(at *session.Session, person uuid.UUID) error) error {
	at, person, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, personPath(person), done, func() error { return do(at, person) })
}

// role returns the role of the path.
func role(r *http.Request) (string, error) {
	switch x := r.PathValue("role"); x {
	case org.RoleAidant, org.RoleReferent:
		return x, nil
	}
	return "", db.ErrNotFound
}

func (s *Site) doGiveRole(w http.ResponseWriter, r *http.Request) error {
	x, err := role(r)
	if err != nil {
		return err
	}
	return s.act(w, r, "referent.person.given."+x, func(at *session.Session, person uuid.UUID) error {
		return s.Directory.GiveRole(r.Context(), at.Actor(), person, x)
	})
}

func (s *Site) doTakeRole(w http.ResponseWriter, r *http.Request) error {
	x, err := role(r)
	if err != nil {
		return err
	}
	return s.act(w, r, "referent.person.taken."+x, func(at *session.Session, person uuid.UUID) error {
		return s.Directory.TakeRole(r.Context(), at.Actor(), person, x)
	})
}

// doResume gives access back: what a referent has suspended there, or a person that was put to sleep because they did not sign in.
func (s *Site) doResume(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, "referent.person.resumed", func(at *session.Session, person uuid.UUID) error {
		c, err := s.Directory.Colleague(r.Context(), at.Actor(), person, s.Clock.Now())
		switch {
		case err != nil:
			return err
		case c.SuspendedThere:
			return s.Directory.ResumeIn(r.Context(), at.Actor(), person)
		}
		return s.Directory.Resume(r.Context(), at.Actor(), person)
	})
}

func (s *Site) doConfirmIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.acts().ConfirmIdentity(w, r, s.Directory, personPath)
}

func (s *Site) doRefuseIdentity(w http.ResponseWriter, r *http.Request) error {
	return s.acts().RefuseIdentity(w, r, s.Directory, personPath)
}

func (s *Site) doApproveReset(w http.ResponseWriter, r *http.Request) error {
	return s.reset(w, r, "referent.reset.was_approved", s.Credentials.ApproveReset)
}

func (s *Site) doRefuseReset(w http.ResponseWriter, r *http.Request) error {
	return s.reset(w, r, "referent.reset.was_refused", s.Credentials.RefuseReset)
}

// doHandOver gives what somebody has left to a colleague.
func (s *Site) doHandOver(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	to, err := uuid.Parse(form.Value("colleague"))
	if err != nil {
		return s.wrongColleague(w, r, form)
	}
	at, person, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	switch _, err := s.Caseload.HandOver(r.Context(), at.Actor(), person, to); {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, personPath(person), form)
	case errors.Is(err, caseload.ErrColleague):
		return s.wrongColleague(w, r, form)
	case err != nil:
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, personPath(person), "referent.left.done")
}

func (s *Site) wrongColleague(w http.ResponseWriter, r *http.Request, form *page.Form) error {
	at, c, err := s.colleague(r)
	if err != nil {
		return err
	}
	form.Fail("colleague", "referent.left.wrong.colleague")
	return s.renderPerson(w, r, at, c, form)
}
