package admin

import (
	"context"
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
	Holds    []holdLine
	Released []holdLine
	Reasons  []string
	Whys     []string  // why a hold may be released
	Ending   uuid.UUID // the hold whose form is sent back
	Notice   string
}

// holdLine is a hold. Whom it is about is told by their pseudonym: administrators see no citizen.
type holdLine struct {
	erasure.Hold
	Organisation, By, ReleasedBy string // names
	Everybody                    bool
}

func (s *Site) showHolds(w http.ResponseWriter, r *http.Request) error {
	form, err := s.acts().Kept(r, holds.Href, nil)
	if err != nil {
		return err
	}
	ending, _ := uuid.Parse(form.Value("hold")) // nil when the form is that of a new one
	return s.renderHolds(w, r, http.StatusOK, ending, form)
}

// renderHolds shows the holds, with a form that is sent back: that of a new one, or of the release of one (ending).
func (s *Site) renderHolds(w http.ResponseWriter, r *http.Request, status int, ending uuid.UUID, form *page.Form) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &holdsPage{Common: page.Common{Title: holds.Text, Current: home.Href, Trail: []page.Link{home, keeping}, Form: form}, Reasons: erasure.HoldReasons, Whys: erasure.ReleaseReasons, Ending: ending}
	for _, list := range []struct {
		read func(context.Context) ([]erasure.Hold, error)
		to   *[]holdLine
	}{{s.Erasures.Holds, &p.Holds}, {s.Erasures.Released, &p.Released}} {
		found, err := list.read(r.Context())
		if err != nil {
			return err
		}
		for _, h := range found {
			line, err := s.holdLine(r.Context(), h)
			if err != nil {
				return err
			}
			*list.to = append(*list.to, line)
		}
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/holds.html", p)
}

// holdLine names the organisation of a hold, and who made and released it.
func (s *Site) holdLine(ctx context.Context, h erasure.Hold) (holdLine, error) {
	line := holdLine{Hold: h, Everybody: h.Citizen == uuid.Nil}
	o, err := s.Directory.Organisation(ctx, h.Organisation)
	if err != nil {
		return line, err
	}
	line.Organisation = o.Name
	for _, by := range []struct {
		id uuid.UUID
		to *string
	}{{h.HeldBy, &line.By}, {h.ReleasedBy, &line.ReleasedBy}} {
		if by.id == uuid.Nil {
			continue
		}
		who, err := s.Directory.Find(ctx, by.id)
		if err != nil {
			return line, err
		}
		*by.to = who.GivenName + " " + who.UsualName
	}
	return line, nil
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
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, uuid.Nil, form)
	}
	_, err = s.Erasures.MakeHold(r.Context(), at.Actor(), who, reason, until)
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, holds.Href, form)
	case errors.Is(err, erasure.ErrHold): // the day ended meanwhile
		form.Fail("until", "keep.holds.wrong.until")
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, uuid.Nil, form)
	case errors.Is(err, db.ErrNotFound):
		form.Fail("citizen", "keep.holds.wrong.unknown")
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, uuid.Nil, form)
	case err != nil:
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, holds.Href, "keep.holds.made")
}

// doReleaseHold ends a hold, for a reason.
func (s *Site) doReleaseHold(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "hold")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	why := form.Choice("why", erasure.ReleaseReasons...)
	if why == "" {
		form.Fail("why", "keep.holds.wrong.why")
		return s.renderHolds(w, r, http.StatusUnprocessableEntity, id, form)
	}
	err = s.Erasures.Release(r.Context(), at.Actor(), id, why)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.acts().Later(w, r, holds.Href, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, holds.Href, "keep.holds.released")
}
