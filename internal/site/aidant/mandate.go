package aidant

import (
	"net/http"
	"time"

	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type mandatePage struct {
	page.Common
	Mandate   mandate.Mandate
	Standing  bool
	EndedAt   time.Time // zero while it stands
	Reason    string
	DrawnUpBy string
	Powers    []powerLine
	History   []act
	Signed    bool // just now, on the page before
}

type powerLine struct {
	Name, Body string
	Standing   bool
	Reason     string
}

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
	case !m.StandsAt(now):
		return m.EndsAt, "expired"
	}
	return time.Time{}, ""
}

func (s *Site) showMandate(w http.ResponseWriter, r *http.Request) error {
	m, at, err := s.mandate(r, mandate.PageMandate)
	if err != nil {
		return err
	}
	now, lang := s.Clock.Now(), page.Lang(r)
	p := &mandatePage{Common: page.Common{Title: "aidant.mandate.title", Current: "/espace", Trail: []page.Link{home}}, Mandate: m, Standing: m.StandsAt(now)}
	p.EndedAt, p.Reason = ending(m, now)
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
	if p.History, err = s.history(r.Context(), at.Actor(), m, lang); err != nil {
		return err
	}
	for _, power := range m.Powers {
		line := powerLine{Standing: power.StandsAt(now), Reason: power.EndReason}
		if line.Reason == "" && !line.Standing {
			line.Reason = "expired"
		}
		line.Name, line.Body = named(m, power.Procedure, lang)
		p.Powers = append(p.Powers, line)
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/mandate.html", p)
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
