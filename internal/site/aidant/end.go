package aidant

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// onePower is the field, of addresses too, that says which of the powers of a mandate ends: its place among what was agreed, from 1 on. Without it
// the whole mandate does.
const onePower = "demarche"

type endPage struct {
	page.Common
	Mandate  mandate.Mandate
	Standing bool       // what is to end has not ended
	Power    *powerLine // the one that ends, nil for the whole mandate
	Left     int        // powers that have not ended
	Others   int        // mandates of this person that end with the whole one when the reason is theirs
	EndedAt  time.Time
	Reason   string // why it ended
	Reasons  []string
	Confirm  bool // the aidant has to give their second factor first
}

// Last reports whether the power is the only one left, so that its end is that of the mandate.
func (p *endPage) Last() bool { return p.Power != nil && p.Left == 1 }

// OfPerson reports whether it ended for a reason that ends the person's other mandates too.
func (p *endPage) OfPerson() bool { return slices.Contains(mandate.WholeReasons, p.Reason) }

// reasonsFor are the reasons that make sense for the end of one power, or of a whole mandate.
func reasonsFor(one bool) []string {
	if !one {
		return mandate.Reasons
	}
	return slices.DeleteFunc(slices.Clone(mandate.Reasons), func(r string) bool { return slices.Contains(mandate.WholeReasons, r) })
}

// placeOf reads which power is meant: 0 for the whole mandate. Anything else than a number is no page of ours.
func placeOf(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, db.ErrNotFound
	}
	return n, nil
}

func endPath(mandate uuid.UUID, place int) string {
	path := "/mandats/" + mandate.String() + "/fin"
	if place > 0 {
		path += "?" + onePower + "=" + strconv.Itoa(place)
	}
	return path
}

// showEnd asks for the reason. One that was chosen before the aidant had to confirm who they are is there again.
func (s *Site) showEnd(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	place, err := placeOf(r.URL.Query().Get(onePower))
	if err != nil {
		return refusal(err)
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, endPath(id, place), nil); err != nil {
			return err
		}
	}
	return s.renderEnd(w, r, http.StatusOK, place, form)
}

// doConfirmEnd sends the aidant to give their second factor, and back.
func (s *Site) doConfirmEnd(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	place, err := placeOf(form.Value(onePower))
	if err != nil {
		return refusal(err)
	}
	return s.Sessions.SendToStepUp(w, r, endPath(id, place))
}

// renderEnd asks for the reason, or says what has ended.
func (s *Site) renderEnd(w http.ResponseWriter, r *http.Request, status, place int, form *page.Form) error {
	m, at, err := s.mandate(r, mandate.PageEnd)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &endPage{Common: page.Common{Title: "aidant.end.title", Current: "/espace", Trail: []page.Link{home, {Href: "/mandats/" + m.ID.String(), Text: "aidant.mandate.title"}}, Form: form, KeepQuery: []string{onePower}},
		Mandate: m, Reasons: reasonsFor(place > 0), Confirm: org.Fresh(at.Actor(), now) != nil}
	p.EndedAt, p.Reason = ending(m, now)
	powers, err := s.powers(m, page.Lang(r), now)
	if err != nil {
		return err
	}
	for _, l := range powers {
		if l.Open() {
			p.Left++
		}
		if l.Place == place {
			p.Power = &l
		}
	}
	switch {
	case place > 0 && p.Power == nil:
		return refusal(db.ErrNotFound)
	case p.Left == 0: // the mandate has ended, with whichever
		p.Title, p.Power = "aidant.end.done_title", nil
	case p.Power != nil:
		p.Title, p.EndedAt, p.Reason = "ends.part.title", p.Power.EndedAt, p.Power.Reason
		if !p.EndedAt.IsZero() {
			p.Title = "ends.part.done_title"
		}
	}
	if p.Standing = p.EndedAt.IsZero(); p.Standing && p.Power == nil {
		if p.Others, err = s.Mandates.Others(r.Context(), at.Actor(), m.ID); err != nil {
			return err
		}
	}
	return s.Pages.Render(w, r, status, "aidant/end.html", p)
}

func (s *Site) doEnd(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	place, err := placeOf(form.Value(onePower))
	if err != nil {
		return refusal(err)
	}
	reason := form.Choice("reason", reasonsFor(place > 0)...)
	if reason == "" {
		form.Fail("reason", "aidant.end.wrong.reason")
		return s.renderEnd(w, r, http.StatusUnprocessableEntity, place, form)
	}
	err = s.end(r, id, place, reason)
	if errors.Is(err, mandate.ErrFactorTooOld) {
		return s.Sessions.SendFormToStepUp(w, r, endPath(id, place), form, "reason")
	}
	if err != nil && !errors.Is(err, mandate.ErrEnded) {
		return refusal(err)
	}
	return s.goTo(w, r, endPath(id, place))
}

// end ends the whole mandate, or the power at a place.
func (s *Site) end(r *http.Request, id uuid.UUID, place int, reason string) error {
	if place == 0 {
		at, _, err := staff.WithID(r, "mandate")
		if err != nil {
			return err
		}
		return s.Mandates.End(r.Context(), at.Actor(), id, reason)
	}
	m, at, err := s.mandate(r, mandate.PageEnd)
	if err != nil {
		return err
	}
	power, given, err := s.Mandates.Given(m, place-1)
	if err != nil {
		return err
	}
	if !given {
		return db.ErrNotFound
	}
	return s.Mandates.EndPower(r.Context(), at.Actor(), id, power.Procedure, power.Case, reason)
}
