package counter

import (
	"net/http"
	"strconv"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

type recapPage struct {
	page.Common
	Draft        draft.Draft
	Identity     citizen.Identity
	Organisation org.Organisation
	Procedures   []procedure.Procedure
	EndsAt       time.Time
	Version      int // of the draft that is shown: the signature is for no other
	ValidUntil   time.Time
	IdentifyNew  bool   // the identification is too old
	ConfirmFirst bool   // the aidant's second factor is too old
	Notice       string // i18n key of why the page is shown again, "" at first
}

func (s *Site) showRecap(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, err := s.agreed(r, at, d)
	if err != nil {
		return err
	}
	return s.renderRecap(w, r, at, http.StatusOK, d, form, "")
}

// agreed is the tick of an aidant who had to give their second factor before they could sign, nil without one. It is for the identification
// that it was given for, and what signs is still the button.
func (s *Site) agreed(r *http.Request, at *session.Session, d draft.Draft) (*page.Form, error) {
	if d.State != draft.Identified || org.Fresh(at.Actor(), s.Clock.Now()) != nil {
		return nil, nil
	}
	form, err := s.Sessions.KeptForm(r, staff.Step(d), nil)
	if err != nil || form.Value("version") != strconv.Itoa(d.Version) {
		return nil, err
	}
	return form, nil
}

func (s *Site) renderRecap(w http.ResponseWriter, r *http.Request, at *session.Session, status int, d draft.Draft, form *page.Form, notice string) error {
	if d.State != draft.Identified || d.Identity == nil {
		return s.goTo(w, r, staff.Step(d))
	}
	organisation, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &recapPage{Common: page.Common{Title: "aidant.recap.title", Current: "/mandats/nouveau", Trail: trail(d), Form: form},
		Draft: d, Identity: *d.Identity, Organisation: organisation, EndsAt: d.Terms.Span(now, terms.MaxDays).Until, Version: d.Version, Notice: notice,
		ValidUntil:  d.IdentifiedAt.Add(mandate.IdentityLifeOf(d.IdentifiedBy)),
		IdentifyNew: now.Sub(d.IdentifiedAt) > mandate.IdentityLifeOf(d.IdentifiedBy), ConfirmFirst: now.Sub(at.FactorAt) > mandate.FactorLife}
	for _, key := range d.Terms.Procedures() {
		if x, ok := s.Catalogue.Find(key); ok {
			p.Procedures = append(p.Procedures, x)
		}
	}
	return s.Pages.Render(w, r, status, "counter/recap.html", p)
}

// doStepUp sends the aidant to give their second factor again, and back to the recap.
func (s *Site) doStepUp(w http.ResponseWriter, r *http.Request) error {
	_, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	return s.Sessions.SendToStepUp(w, r, staff.Step(d))
}
