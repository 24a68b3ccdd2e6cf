package counter

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

// recapPage is counter/recap.html.
type recapPage struct {
	page.Common
	proposal
	Draft        draft.Draft
	Identity     citizen.Identity
	Organisation org.Organisation
	Ways         []way
	WaysTo       string // where a button for another language sends the form; "" when there is no form, and the language is a link
	Readings     []string
	Rows         []row
	More         []row // shown when somebody opens them
	MoreOpen     bool
	ValidUntil   time.Time
	IdentifyNew  bool   // the identification is too old
	ConfirmFirst bool   // the aidant's second factor is too old for a code
	Missing      string // the proof that is still needed: "document", "known", or "left" when the second colleague may not act any more; "" for none
	Consent      answering
	Witness      string // name of the second colleague
	OtherTerms   bool   // they attested other terms than would be signed now
	Notice       string // i18n key of why the page is shown again, "" at first
	Told         told
}

// way is a language and a form in which the recap can be read; Name is what it is called there.
type way struct {
	Lang, Dir, Form, Name string
	Current               bool
}

// row is where somebody in the room is entered.
type row struct {
	Number           int
	RoleName, NameOf string // of the fields
	Roles            []string
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

// agreed is what was entered by an aidant who had to give their second factor before they could confirm, nil otherwise. It is for the identification and the text
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
	if err := s.Mandates.Gave(r.Context(), at.Actor(), d); errors.Is(err, mandate.ErrOtherCitizen) {
		return s.identifyAgain(w, r, at, d, notHere(err))
	} else if err != nil {
		return refusal(err)
	}
	organisation, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return err
	}
	made, err := s.propose(r.Context(), at.Actor(), organisation, d, howOf(r, form))
	if err != nil {
		return refusal(err)
	}
	if err := made.forAidant(d, page.Lang(r)); err != nil {
		return err
	}
	offered, err := ways(made.How)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	p := &recapPage{Common: page.Common{Title: "aidant.recap.title", Current: "/mandats/nouveau", Trail: trail(d), Form: form, Scripts: []string{"js/passkey.js", "js/aloud.js", "js/drawn.js"}, KeepQuery: []string{"langue", "forme"}, Here: staff.Step(d)},
		proposal: made, Draft: d, Identity: *d.Identity, Organisation: organisation, Notice: notice, Ways: offered, Readings: terms.Readings,
		ValidUntil:  d.IdentifiedAt.Add(mandate.IdentityLifeOf(d.IdentifiedBy)),
		IdentifyNew: now.Sub(d.IdentifiedAt) > mandate.IdentityLifeOf(d.IdentifiedBy), ConfirmFirst: now.Sub(at.FactorAt) > mandate.FactorLife}
	p.people()
	if err := s.proof(r, at, p); err != nil {
		return err
	}
	if p.Told, err = s.told(r, at, d); err != nil {
		return err
	}
	if !p.IdentifyNew && !p.OtherTerms && p.Missing == "" {
		p.WaysTo, p.LanguageForm = staff.Step(d), "recap"
	}
	return s.Pages.Render(w, r, status, "counter/recap.html", p)
}

// stands reports whether who was identified for a draft can still sign: lately enough, and, when it renews or transfers a mandate, who gave that one.
func (s *Site) stands(r *http.Request, at *session.Session, d draft.Draft) (bool, error) {
	if d.State != draft.Identified || s.Clock.Now().Sub(d.IdentifiedAt) > mandate.IdentityLifeOf(d.IdentifiedBy) {
		return false, nil
	}
	err := s.Mandates.Gave(r.Context(), at.Actor(), d)
	if errors.Is(err, mandate.ErrOtherCitizen) || errors.Is(err, mandate.ErrOwn) {
		return false, nil
	}
	return err == nil, err
}

// ways are the languages and forms of the recap.
func ways(now *terms.Agreement) ([]way, error) {
	var out []way
	for _, lang := range terms.RecapLanguages {
		w, err := terms.WordsOf(lang)
		if err != nil {
			return nil, err
		}
		for _, form := range w.Forms() {
			name := w.Name
			if form == evidence.FALC {
				name = w.Easy
			}
			out = append(out, way{lang, w.Dir(), form, name, lang == now.Lang && form == now.Form})
		}
	}
	return out, nil
}

// people lays out the fields for who was in the room.
func (p *recapPage) people() {
	for n := range rows {
		x := row{n + 1, rowField("role", n), rowField("name", n), terms.Roles}
		if n < seenRows {
			p.Rows = append(p.Rows, x)
			continue
		}
		p.More = append(p.More, x)
		p.MoreOpen = p.MoreOpen || p.Form.Value(x.RoleName) != "" || p.Form.Value(x.NameOf) != ""
	}
}

// proof finds out what proves the agreement, and what is still missing.
func (s *Site) proof(r *http.Request, at *session.Session, p *recapPage) error {
	d := p.Draft
	switch {
	case d.IdentifiedBy == draft.ByFranceConnect:
		return nil
	case d.Witness != uuid.Nil:
		stays, err := s.Mandates.WitnessStays(r.Context(), d)
		if err != nil {
			return err
		}
		if !stays {
			p.Missing = "left"
		}
		p.OtherTerms = stays && !s.Mandates.Attested(d, p.Organisation)
		p.Witness, err = s.nameOf(r.Context(), d.Witness)
		return err
	case d.IdentifiedBy == draft.ByDocument:
		p.Missing = "document"
		return nil
	}
	p.Missing = "known"
	var err error
	if p.Consent, err = s.answering(r, at, d, p.Citizen); err != nil {
		return err
	}
	if p.Consent.State == consent.Yes {
		p.Missing, p.Alone = "", true
	}
	p.Scripts = append(p.Scripts, "js/phone.js")
	return nil
}

// doStepUp sends the aidant to give their second factor again, and back to the recap.
func (s *Site) doStepUp(w http.ResponseWriter, r *http.Request) error {
	_, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	return s.Sessions.SendToStepUp(w, r, staff.Step(d))
}
