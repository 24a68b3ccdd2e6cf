package counter

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// answering is how far the citizen's agreement by SMS is.
type answering struct {
	Possible bool   // they have a number that was verified before the draft was begun
	Number   string // of which the last two digits are shown
	State    string // "" when nothing was asked about this version; else a state of package consent
	Says     string // the same, with how far the message is: the end of a text's key
	Unclear  int
	Until    time.Time
	Over     bool // no answer changes it any more
}

// running are the states in which an answer is awaited.
var running = []string{consent.Queued, consent.Sent}

func (s *Site) answering(r *http.Request, at *session.Session, d draft.Draft, citizen uuid.UUID) (answering, error) {
	var a answering
	if s.Consents == nil || citizen == uuid.Nil {
		return a, nil
	}
	numbers, err := s.Phones.Of(r.Context(), at.Actor(), citizen)
	if err != nil {
		return a, refusal(err)
	}
	if v := numbers.Verified; v != nil && v.VerifiedBefore(d.CreatedAt) && s.Consents.Ready() {
		a.Possible, a.Number = true, v.Masked()
	}
	c, err := s.Consents.Latest(r.Context(), at.Actor(), d.ID)
	if errors.Is(err, db.ErrNotFound) || err == nil && c.Version != d.Version {
		return a, nil
	}
	if err != nil {
		return a, refusal(err)
	}
	a.State, a.Unclear, a.Until = c.State, c.Unclear, c.ExpiresAt
	if (slices.Contains(running, c.State) || c.State == consent.Yes) && !c.Live(s.Clock.Now()) {
		a.State = consent.Expired
	}
	a.Over = !slices.Contains(running, a.State)
	switch a.Says = a.State; {
	case a.Over:
	case c.Unclear > 0:
		a.Says = "again"
	case c.Delayed:
		a.Says = "delayed"
	case c.Delivered:
		a.Says = "delivered"
	}
	return a, nil
}

// known finds the draft of the path that waits for its citizen's answer, and where to go when it does not.
func (s *Site) known(r *http.Request) (at *session.Session, d draft.Draft, elsewhere string, citizen uuid.UUID, err error) {
	if at, d, err = s.ownDraft(r); err != nil {
		return at, d, "", citizen, err
	}
	if d.State != draft.Identified || d.IdentifiedBy != draft.ByAcquaintance {
		return at, d, staff.Step(d), citizen, nil
	}
	citizen, _, err = s.Mandates.Known(r.Context(), at.Actor(), d.ID)
	return at, d, "", citizen, refusal(err)
}

// doAsk asks the citizen by SMS.
func (s *Site) doAsk(w http.ResponseWriter, r *http.Request) error {
	at, d, elsewhere, citizen, err := s.known(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return s.goTo(w, r, elsewhere)
	}
	if err := s.Mandates.Gave(r.Context(), at.Actor(), d); errors.Is(err, mandate.ErrOtherCitizen) {
		return s.identifyAgain(w, r, at, d, notHere(err))
	} else if err != nil {
		return refusal(err)
	}
	numbers, err := s.Phones.Of(r.Context(), at.Actor(), citizen)
	if err != nil {
		return refusal(err)
	}
	err = phone.ErrNotShown
	if numbers.Verified != nil {
		var q consent.Request
		if q, err = s.Mandates.PrepareConsent(r.Context(), at.Actor(), d.ID, smsLang(form, page.Lang(r))); err == nil {
			q.Phone = numbers.Verified.ID
			_, err = s.Consents.Start(r.Context(), at.Actor(), q)
		}
	}
	if why := notHere(err); why != "" {
		return s.identifyAgain(w, r, at, d, why)
	}
	if notice := whyNotAsked(err); notice != "" {
		return s.renderRecap(w, r, at, http.StatusConflict, d, nil, notice)
	}
	if err != nil && !errors.Is(err, db.ErrConflict) && !errors.Is(err, draft.ErrState) { // somebody else has just asked, or the page says what changed
		return refusal(err)
	}
	return s.goTo(w, r, staff.Step(d))
}

// whyNotAsked is the notice that says why nothing was sent, "" when it was or for another error.
func whyNotAsked(err error) string {
	switch {
	case errors.Is(err, consent.ErrNoGateway):
		return "recap.sms.wrong.no_gateway"
	case errors.Is(err, consent.ErrTooNew), errors.Is(err, phone.ErrNotShown):
		return "recap.sms.wrong.too_new"
	case errors.Is(err, phone.ErrBarred):
		return "recap.sms.wrong.barred"
	case errors.Is(err, consent.ErrTooOften):
		return "recap.sms.wrong.too_often"
	case errors.Is(err, consent.ErrTooLong):
		return "recap.sms.wrong.too_long"
	case errors.Is(err, consent.ErrRefused):
		return "recap.sms.wrong.refused"
	case errors.Is(err, consent.ErrStopped):
		return "recap.sms.wrong.stopped"
	case errors.Is(err, mandate.ErrNoProof), errors.Is(err, consent.ErrOver):
		return "recap.sms.wrong.over"
	}
	return ""
}

// doCancelAsk takes back what was asked.
func (s *Site) doCancelAsk(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if err := s.Consents.Cancel(r.Context(), at.Actor(), d.ID); err != nil && !errors.Is(err, consent.ErrOver) {
		return refusal(err)
	}
	return s.goTo(w, r, staff.Step(d))
}

// sayAnswer tells the page's module how far the answer is.
func (s *Site) sayAnswer(w http.ResponseWriter, r *http.Request) error {
	at, d, elsewhere, citizen, err := s.known(r)
	if err != nil {
		return err
	}
	a := answering{Over: true}
	if elsewhere == "" {
		if a, err = s.answering(r, at, d, citizen); err != nil {
			return err
		}
	}
	return page.WriteJSON(w, http.StatusOK, map[string]any{"state": a.Says, "over": a.Over || a.State == ""})
}

// smsLang is the language in which the citizen is asked.
func smsLang(form *page.Form, otherwise string) string {
	if lang := form.Choice("langue", "fr", "en"); lang != "" {
		return lang
	}
	return otherwise
}
