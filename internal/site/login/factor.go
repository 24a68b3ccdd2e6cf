package login

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// factorPage is login/factor.html.
type factorPage struct {
	page.Common
	Ways    ways
	Wait    time.Time // until when no code is read; zero: one is
	Contact Contact
}

// ways is by what somebody can show that it is them. It is told to who has given a first factor: before that, nothing is told of an account.
type ways struct {
	Keys, Cards bool
	Codes       string // the kinds of codes, "app", "card" and "recovery" with "_" between, for the words about them; "" when there is none
	Recovery    bool   // a recovery code is left
}

func waysOf(f credential.Factors) ways {
	var codes []string
	for _, kind := range []struct {
		name string
		has  bool
	}{{"app", f.App != nil}, {"card", len(f.Cards) > 0}, {"recovery", f.RecoveryLeft > 0}} {
		if kind.has {
			codes = append(codes, kind.name)
		}
	}
	return ways{Keys: f.Keys(), Cards: len(f.Cards) > 0, Codes: strings.Join(codes, "_"), Recovery: f.RecoveryLeft > 0}
}

// None reports whether there is nothing that they could give.
func (w ways) None() bool { return !w.Keys && w.Codes == "" }

func (s *Site) showFactor(w http.ResponseWriter, r *http.Request) error {
	at, err := s.half(w, r)
	if at == nil || err != nil {
		return err
	}
	return s.renderFactor(w, r, at, http.StatusOK, given{})
}

// half returns the session of somebody who has given their first factor. Who is signed in already goes on to their work, and at is nil.
func (s *Site) half(w http.ResponseWriter, r *http.Request) (*session.Session, error) {
	if at := session.From(r.Context()); at != nil {
		return nil, home(w, r, at)
	}
	at := session.Browser(r.Context())
	if at == nil || at.Half == uuid.Nil {
		return nil, s.refuse(r, uuid.Nil, http.StatusForbidden, "half_late")
	}
	return at, nil
}

func (s *Site) renderFactor(w http.ResponseWriter, r *http.Request, at *session.Session, status int, g given) error {
	factors, err := s.Factors.Factors(r.Context(), at.Half)
	if err != nil {
		return err
	}
	data := &factorPage{Common: page.Common{Title: "login.factor.title", Form: g.form, FormOrigins: []string{s.ProConnect.Origin()}, Scripts: passkeys},
		Ways: waysOf(factors), Wait: g.wait, Contact: s.Contact}
	return s.Pages.Render(w, r, status, "login/factor.html", data)
}

// doFactor reads a code of the person who is half signed in, and signs them in.
func (s *Site) doFactor(w http.ResponseWriter, r *http.Request) error {
	at, err := s.half(w, r)
	if at == nil || err != nil {
		return err
	}
	person, err := s.Directory.Find(r.Context(), at.Half)
	if err != nil {
		return err
	}
	who, err := s.Door.Who(r, person, signin.Way{Method: session.ByMailLink})
	if err != nil {
		return s.notIn(r, person.ID, err)
	}
	g, err := s.code(r, who.Actor())
	if err != nil {
		return err
	}
	if g.status != 0 {
		return s.renderFactor(w, r, at, g.status, g)
	}
	to, err := s.enter(w, r, at, g.Given, session.ByMailLink)
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // signin.Back lets pages of ours pass
	return nil
}

// given is what came of a form with a code: a factor, or what the page says instead, with its status.
type given struct {
	credential.Given
	status int // 0: a factor was given
	form   *page.Form
	wait   time.Time
}

// code reads the form of partial/login.html's "ownfactors": a code, or two of a card that is out of step.
func (s *Site) code(r *http.Request, by journal.Actor) (given, error) {
	person := by.Person
	form, err := page.ParseForm(r)
	if err != nil {
		return given{}, err
	}
	device, err := s.Sessions.Known(r, person)
	if err != nil {
		return given{}, err
	}
	g, field := given{form: form}, "code"
	switch code, first, second := form.Value("code"), form.Value("first"), form.Value("second"); {
	case code != "":
		g.Given, err = s.Factors.Code(r.Context(), by, code, signin.From(r), device)
	case first != "" || second != "":
		field = "first"
		g.Given, err = s.Factors.Resync(r.Context(), person, first, second, signin.From(r), device)
	default:
		form.Fail("code", "login.factor.code.missing")
		g.status = http.StatusUnprocessableEntity
		return g, nil
	}
	kind := "sign_in.code_wrong"
	if late, ok := errors.AsType[credential.ErrWait](err); ok {
		kind, g.wait, g.status = "sign_in.code_wait", late.Until, http.StatusTooManyRequests
	} else if errors.Is(err, credential.ErrWrong) {
		form.Fail(field, "login.factor.code.wrong")
		g.status = http.StatusUnprocessableEntity
	} else {
		return g, err
	}
	return g, s.Sessions.NoteOf(r.Context(), r, kind, person)
}

// enter opens a session for who gave a factor, and returns where the browser goes.
func (s *Site) enter(w http.ResponseWriter, r *http.Request, at *session.Session, g credential.Given, method string) (string, error) {
	person, err := s.Directory.Find(r.Context(), g.Person)
	if err != nil {
		return "", err
	}
	to, err := s.Door.Open(w, r, at, person, signin.Way{Method: method, Factor: session.Factor{Kind: g.Kind, At: g.At}})
	if err != nil {
		return "", s.notIn(r, person.ID, err)
	}
	return to, nil
}

// notIn says why the door did not open to somebody who was recognised.
func (s *Site) notIn(r *http.Request, person uuid.UUID, err error) error {
	switch {
	case errors.Is(err, signin.ErrSuspended):
		return s.refuse(r, person, http.StatusForbidden, "suspended")
	case errors.Is(err, signin.ErrNoPlace):
		return s.refuse(r, person, http.StatusForbidden, "no_organisation")
	case errors.Is(err, db.ErrConflict):
		return s.refuse(r, person, http.StatusConflict, "moved")
	}
	return err
}
