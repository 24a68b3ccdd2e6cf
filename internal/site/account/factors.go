package account

import (
	"errors"
	"net/http"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/session"
)

// factorsPage is account/factors.html.
type factorsPage struct {
	page.Common
	Factors credential.Factors
	Count   int               // of factors that count, recovery codes aside
	Reset   *credential.Reset // that somebody asked for
	Done    string
}

func (s *Site) showFactors(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	at := session.From(r.Context())
	f, err := s.Factors.Factors(r.Context(), at.Person)
	if err != nil {
		return err
	}
	data := &factorsPage{Common: page.Common{Title: "account.factors.title", Current: FactorsPath}, Factors: f, Count: counting(f)}
	reset, err := s.Factors.ResetOf(r.Context(), at.Person)
	if err == nil {
		data.Reset = &reset
	} else if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	if data.Done, err = s.notice(r); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/factors.html", data)
}

func counting(f credential.Factors) int {
	n := len(f.Cards)
	if f.App != nil {
		n++
	}
	for _, p := range f.Passkeys {
		if !p.Cloned {
			n++
		}
	}
	return n
}

// doCancelReset needs no fresh factor: whoever is signed in has not lost everything, and time matters.
func (s *Site) doCancelReset(w http.ResponseWriter, r *http.Request) error {
	err := s.Factors.CancelReset(r.Context(), session.From(r.Context()).Actor())
	if err != nil && !errors.Is(err, db.ErrConflict) {
		return err
	}
	return s.done(w, r, FactorsPath, "cancelled")
}

// firstPage is account/first.html.
type firstPage struct {
	page.Common
	Suggested string // name of the passkey
}

// showFirst is for somebody who has no second factor yet, and may do nothing else before.
func (s *Site) showFirst(w http.ResponseWriter, r *http.Request) error {
	if !session.From(r.Context()).Enrolling {
		http.Redirect(w, r, FactorsPath, http.StatusSeeOther)
		return nil
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/first.html", &firstPage{page.Common{Title: "account.first.title", Scripts: passkeys}, s.suggested(r)})
}

// added goes on after a factor was added, which was given by that: whoever came to add their first one is signed in from then on. The
// message is left before the session's secret changes.
func (s *Site) added(w http.ResponseWriter, r *http.Request, g credential.Given, what string) error {
	at := session.From(r.Context())
	if err := s.Sessions.Notify(r.Context(), at, about, "account.done."+what); err != nil {
		return err
	}
	return s.Door.StepUp(w, r, at, session.Factor{Kind: g.Kind, At: g.At}, "")
}
