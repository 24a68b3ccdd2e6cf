// Package staff is what the pages of aidants, referents and administrators have in common: who asks and about whom, a second factor
// before a form is filled in, acts of one button, and what several of these sites say of the same thing.
//
//	staff.go   who asks, and the acts of a site's pages
//	words.go   organisations in words; said.go the code words of entries
//	limit.go   the page that chooses procedures, of somebody or of an organisation
//	name.go    the page that corrects somebody's name
//	invite.go  the form of an invitation, and those that nobody has accepted yet
//	identity.go  the buttons that decide on a name at ProConnect
//	reset.go   a reset of second factors as pages show it
package staff

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/throttle"
)

// SignedIn returns the session that the guard of the route let pass.
func SignedIn(r *http.Request) (*session.Session, error) {
	at := session.From(r.Context())
	if at == nil {
		return nil, page.ErrForbidden
	}
	return at, nil
}

// WithID returns the session that the guard let pass, and the identifier that the path has under a name.
func WithID(r *http.Request, name string) (*session.Session, uuid.UUID, error) {
	at, err := SignedIn(r)
	if err != nil {
		return nil, uuid.Nil, err
	}
	id, err := uuid.Parse(r.PathValue(name))
	if err != nil {
		return nil, uuid.Nil, db.ErrNotFound
	}
	return at, id, nil
}

// Sent returns the session that the guard let pass, and the form that was sent.
func Sent(r *http.Request) (*session.Session, *page.Form, error) {
	at, err := SignedIn(r)
	if err != nil {
		return nil, nil, err
	}
	form, err := page.ParseForm(r)
	return at, form, err
}

// FormLife is how old a second factor may be when a form is begun: time to fill it in is left before org.FactorLife.
const FormLife = org.FactorLife - 5*time.Minute

// Refusal turns what the rules refuse alike on several sites into words; other errors stay as they are. The problem leads to the site's first page, or
// to the page that lists its people.
func Refusal(err error, home, people string) error {
	switch {
	case errors.Is(err, org.ErrSeveralPlaces):
		return page.NewProblem(http.StatusConflict, "referent.problem.several_places", people)
	case errors.Is(err, org.ErrSecond):
		return page.NewProblem(http.StatusConflict, "referent.problem.second", home)
	case errors.Is(err, org.ErrUnderInquiry):
		return page.NewProblem(http.StatusConflict, "cases.problem.under", home)
	case errors.Is(err, org.ErrNotSecond):
		return page.NewProblem(http.StatusConflict, "admin.problem.not_second", home)
	}
	return err
}

// Often says in the words of a key when what was done too often may be done again, if that is of what err tells; it returns other errors as they are.
func Often(r *http.Request, err error, key, back string) error {
	late, ok := errors.AsType[throttle.WaitError](err)
	if !ok {
		return err
	}
	p := page.NewProblem(http.StatusTooManyRequests, key, back)
	p.Args = map[string]any{"Time": prose.DateTime(page.Lang(r), late.Until)}
	return p
}

// Acts are the acts of a site's pages, and the messages that its pages leave for one another.
type Acts struct {
	Sessions *session.Sessions
	Clock    *clock.Clock
	About    string            // the site, which the messages are about
	Refusal  func(error) error // turns what the rules refuse into words; other errors stay as they are
}

// Notice returns the message that was left for this page, "" when there is none, and forgets it.
func (a Acts) Notice(r *http.Request, at *session.Session) (string, error) {
	return a.Sessions.Notice(r.Context(), at, a.About)
}

// Confirmed asks for the second factor before a form when it is not fresh; then it has answered, and is false.
func (a Acts) Confirmed(w http.ResponseWriter, r *http.Request, at *session.Session) (bool, error) {
	if a.Clock.Now().Sub(at.FactorAt) <= FormLife {
		return true, nil
	}
	return false, a.Sessions.SendToStepUp(w, r, r.URL.RequestURI())
}

// Begin shows the form of the page at path, filled in with values or as it was before Later, once the second factor is fresh.
func (a Acts) Begin(w http.ResponseWriter, r *http.Request, at *session.Session, path string, values url.Values, render func(*page.Form, int) error) error {
	if ok, err := a.Confirmed(w, r, at); !ok {
		return err
	}
	form, err := a.Kept(r, path, page.FilledForm(values))
	if err != nil {
		return err
	}
	return render(form, http.StatusOK)
}

// Later answers a form that was sent with a second factor that is too old: the person gives it and comes back to the form's page, at path,
// where Kept finds what they had entered.
func (a Acts) Later(w http.ResponseWriter, r *http.Request, path string, form *page.Form) error {
	return a.Sessions.SendFormToStepUp(w, r, path, form)
}

// Kept is the form of the page at path as it was filled in before Later, or as it is otherwise.
func (a Acts) Kept(r *http.Request, path string, otherwise *page.Form) (*page.Form, error) {
	return a.Sessions.KeptForm(r, path, otherwise)
}

// Press runs an act of one button and leads to the page that shows it, with the message done. When the second factor is too old it is
// asked for, and the person presses again on the page that they came from.
func (a Acts) Press(w http.ResponseWriter, r *http.Request, at *session.Session, back, done string, do func() error) error {
	return a.press(w, r, at, back, func() (string, error) { return done, do() })
}

// press is Press of an act that says itself which message tells what it did.
func (a Acts) press(w http.ResponseWriter, r *http.Request, at *session.Session, back string, do func() (done string, err error)) error {
	done, err := do()
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return a.Again(w, r, at, back)
	case err != nil:
		return a.Refusal(err)
	}
	return a.Finish(w, r, at, back, done)
}

// Again asks for a second factor that is too old, and leads to the page from which the person begins again: nothing was entered there that
// may be kept.
func (a Acts) Again(w http.ResponseWriter, r *http.Request, at *session.Session, back string) error {
	if err := a.Sessions.Notify(r.Context(), at, a.About, "referent.person.confirmed"); err != nil {
		return err
	}
	return a.Sessions.SendToStepUp(w, r, back)
}

// Finish leaves a message and leads to the page that shows it.
func (a Acts) Finish(w http.ResponseWriter, r *http.Request, at *session.Session, path, notice string) error {
	if err := a.Sessions.Notify(r.Context(), at, a.About, notice); err != nil {
		return err
	}
	page.Redirect(w, r, path)
	return nil
}
