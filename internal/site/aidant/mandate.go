package aidant

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type mandatePage struct {
	page.Common
	Mandate   mandate.Mandate
	Standing  bool
	Scheduled bool      // still to begin
	Lasts     time.Time // until when it gives anything, if that is sooner than its end and it has not ended
	EndedAt   time.Time // zero before its end
	Reason    string
	DrawnUpBy string
	Witness   string // the second colleague, "" for none
	Powers    []powerLine
	History   []act
	Signed    bool // just now, on the page before
	Renewable bool
	Forsaken  bool // nobody follows it up any more
	Below     bool // FranceConnect opens the site of a procedure, but not with this mandate: the citizen was not identified by it
}

// powerLine is one thing that was agreed, and what has become of it.
type powerLine struct {
	Name, Body, Case string
	Level            procedure.Level
	Standing         bool
	Scheduled        bool      // still to begin
	EndsAt           time.Time // its own end
	EndedAt          time.Time
	Reason           string // why it ended
	Place            int    // in the address of the page on which it is ended, from 1 on
	Warning          bool   // it has a warning that was read
}

// Open reports whether the power has not ended.
func (l powerLine) Open() bool { return l.Standing || l.Scheduled }

// mandate finds the mandate of the path for a page that shows it, for an aidant of its organisation who may read it.
func (s *Site) mandate(r *http.Request, page string) (mandate.Mandate, *session.Session, error) {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return mandate.Mandate{}, nil, err
	}
	m, err := s.Mandates.Consult(r.Context(), at.Actor(), id, page)
	return m, at, refusal(err)
}

// ending is when and why a mandate ended. One whose time is over may have no ending in the table yet: the next act that
// meets it writes it down.
func ending(m mandate.Mandate, now time.Time) (time.Time, string) {
	switch {
	case m.EndedAt != nil:
		return *m.EndedAt, m.EndReason
	case !now.Before(m.Until()):
		return m.Until(), "expired"
	}
	return time.Time{}, ""
}

func (s *Site) showMandate(w http.ResponseWriter, r *http.Request) error {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	now, lang := s.Clock.Now(), page.Lang(r)
	p := &mandatePage{Common: page.Common{Title: "aidant.mandate.title", Current: "/espace", Trail: []page.Link{home}}, Mandate: m, Standing: m.StandsAt(now), Scheduled: m.ComesAt(now),
		Renewable: m.Renewable(now)}
	if p.EndedAt, p.Reason = ending(m, now); p.EndedAt.IsZero() && m.Until().Before(m.EndsAt) {
		p.Lasts = m.Until()
	}
	notice, err := s.Sessions.Notice(r.Context(), at, "mandate:"+m.ID.String())
	if err != nil {
		return err
	}
	if p.Signed = notice != ""; p.Signed {
		p.Title = "aidant.mandate.step"
	}
	if p.DrawnUpBy, err = s.nameOf(r.Context(), m.Person); err != nil {
		return err
	}
	if p.Forsaken, err = s.Caseload.Forsaken(r.Context(), at.Actor(), m.ID); err != nil {
		return err
	}
	if m.Witness != uuid.Nil {
		if p.Witness, err = s.nameOf(r.Context(), m.Witness); err != nil {
			return err
		}
	}
	if p.History, err = s.history(r.Context(), at.Actor(), m, lang); err != nil {
		return err
	}
	if p.Powers, err = s.powers(m, lang, now); err != nil {
		return err
	}
	p.Below = s.below(m, now)
	return s.Pages.Render(w, r, http.StatusOK, "aidant/mandate.html", p)
}

func (s *Site) below(m mandate.Mandate, now time.Time) bool {
	return m.IdentifiedBy != draft.ByFranceConnect && slices.ContainsFunc(m.Powers, func(x mandate.Power) bool {
		p, known := s.Catalogue.Find(x.Procedure)
		return known && p.Reach == procedure.Direct && x.State != mandate.Ended && now.Before(x.EndsAt)
	})
}

// powers are what was agreed, in that order, each as it stands now.
func (s *Site) powers(m mandate.Mandate, lang string, now time.Time) ([]powerLine, error) {
	var out []powerLine
	for n, agreed := range m.Terms.Procedures {
		power, given, err := s.Mandates.Given(m, n)
		if err != nil {
			return nil, err
		}
		if !given {
			continue
		}
		power.SuspendedAt = nil // that of the mandate is said above its powers
		line := powerLine{Name: agreed.Name.In(lang), Body: agreed.Body.In(lang), Case: agreed.Case, Level: power.Level, Standing: power.StandsAt(now), EndsAt: power.EndsAt,
			Reason: power.EndReason, Place: n + 1, Warning: agreed.Warning != nil}
		switch {
		case power.EndedAt != nil:
			line.EndedAt = *power.EndedAt
		case !now.Before(power.EndsAt):
			line.EndedAt, line.Reason = power.EndsAt, "expired"
		case !line.Standing:
			line.Scheduled = true
		}
		out = append(out, line)
	}
	return out, nil
}

// named returns a procedure's name and body as they were called when the mandate was signed.
func named(m mandate.Mandate, key, lang string) (string, string) {
	for _, p := range m.Terms.Procedures {
		if p.Key == key {
			return p.Name.In(lang), p.Body.In(lang)
		}
	}
	return key, ""
}
