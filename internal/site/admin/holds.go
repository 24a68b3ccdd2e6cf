package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/site/staff"
)

var holds = page.Link{Href: "/admin/gels", Text: "keep.holds.title"}

// holdsPage is admin/holds.html.
type holdsPage struct {
	page.Common
	Holds   []holdLine
	Reasons []string
	Notice  string
}

// holdLine is a hold that stands. Whom it is about is told by their pseudonym: administrators see no citizen.
type holdLine struct {
	erasure.Hold
	Organisation, By string // names
	Everybody        bool
}

func (s *Site) showHolds(w http.ResponseWriter, r *http.Request) error {
	form, err := s.acts().Kept(r, holds.Href, nil)
	if err != nil {
		return err
	}
	return s.renderHolds(w, r, http.StatusOK, form)
}

func (s *Site) renderHolds(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &holdsPage{Common: page.Common{Title: holds.Text, Current: home.Href, Trail: []page.Link{home, keeping}, Form: form}, Reasons: erasure.HoldReasons}
	standing, err := s.Erasures.Holds(r.Context())
	if err != nil {
		return err
	}
	for _, h := range standing {
		line := holdLine{Hold: h, Everybody: h.Citizen == uuid.Nil}
		o, err := s.Directory.Organisation(r.Context(), h.Organisation)
		if err != nil {
			return err
		}
		line.Organisation = o.Name
		who, err := s.Directory.Find(r.Context(), h.HeldBy)
		if err != nil {
			return err
		}
		line.By = who.GivenName + " " + who.UsualName
		p.Holds = append(p.Holds, line)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/holds.html", p)
}

// held reads what is to be held, and until the end of which day in Paris.
func (s *Site) held(r *http.Request, by journal.Actor, form *page.Form) (who erasure.Who, reason string, until time.Time, err error) {
	siret := strings.Join(strings.Fields(form.Value("siret")), "")
	found, err := s.Directory.Organisations(r.Context(), by, siret)
	if err != nil {
		return who, "", until, err
	}
	if !org.ValidSIRET(siret) || len(found) != 1 {
		form.Fail("siret", "keep.holds.wrong.siret")
	} else {
		who.Organisation = found[0].ID
	}
	if text := strings.TrimSpace(form.Value("citizen")); text != "" {
		if who.Citizen, err = uuid.Parse(text); err != nil || who.Citizen == uuid.Nil {
			form.Fail("citizen", "keep.holds.wrong.citizen")
		}
	}
	if reason = form.Choice("reason", erasure.HoldReasons...); reason == "" {
		form.Fail("reason", "keep.holds.wrong.reason")
	}
	day, ok := prose.ReadDay(form.Value("until"))
	until = time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, prose.Paris)
	if now := s.Clock.Now(); !ok || !until.After(now) || until.After(now.Add(erasure.MaxHold)) {
		form.Fail("until", "keep.holds.wrong.until")
	}
	return who, reason, until, nil
}

// doHold holds what is kept about a citizen, or about everybody of an organisation.
func (s *Site) doHold(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	who, reason, until, err := s.held(r, at.Actor(), form)
	if err != nil {
		return err
	}
	if form.Failed() {
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, form)
	}
	_, err = s.Erasures.MakeHold(r.Context(), at.Actor(), who, reason, until)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, holds.Href, form)
	case errors.Is(err, erasure.ErrHold): // the day ended meanwhile
		form.Fail("until", "keep.holds.wrong.until")
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, form)
	case errors.Is(err, db.ErrNotFound):
		form.Fail("citizen", "keep.holds.wrong.unknown")
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, form)
	case err != nil:
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, holds.Href, "keep.holds.made")
}

// doReleaseHold ends a hold.
func (s *Site) doReleaseHold(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "hold")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, holds.Href, "keep.holds.released", func() error { return s.Erasures.Release(r.Context(), at.Actor(), id) })
}
