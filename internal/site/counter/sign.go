package counter

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"mandat/internal/consent"
	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// read reads the form of a recap over what it was filled in for. The agreement that comes out is the same for the signature with a passkey and the
// confirmation with a code.
func (s *Site) read(r *http.Request, at *session.Session, d draft.Draft, form *page.Form) (proposal, mandate.Agreement, error) {
	o, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return proposal{}, mandate.Agreement{}, err
	}
	p, err := s.propose(r.Context(), at.Actor(), o, d, howOf(r, form))
	if err != nil {
		return p, mandate.Agreement{}, refusal(err)
	}
	if d.IdentifiedBy == draft.ByAcquaintance && d.Witness == uuid.Nil {
		asked, err := s.answering(r, at, d, p.Citizen)
		if err != nil {
			return p, mandate.Agreement{}, err
		}
		p.Alone = p.Alone || asked.State == consent.Yes
	}
	return p, mandate.Agreement{Ticked: form.Ticked("agreed"), Version: d.Version, Shown: form.Value("shown"), How: p.How, Factor: at.FactorKind}, nil
}

func (s *Site) doSign(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if d.State != draft.Identified {
		return s.goTo(w, r, staff.Step(d))
	}
	p, a, err := s.read(r, at, d, form)
	if err != nil {
		return err
	}
	if v := form.Value("assertion"); v != "" {
		a.Answer = []byte(v)
	}
	now := s.Clock.Now()
	switch {
	case !p.sameAs(form, d):
		return s.renderRecap(w, r, at, http.StatusConflict, d, nil, "aidant.recap.notice.changed")
	case now.Sub(d.IdentifiedAt) > mandate.IdentityLifeOf(d.IdentifiedBy):
		return s.renderRecap(w, r, at, http.StatusConflict, d, form, "aidant.recap.notice.too_old")
	case a.Answer == nil && org.Fresh(at.Actor(), now) != nil:
		return s.Sessions.SendFormToStepUp(w, r, staff.Step(d), form, kept()...)
	}
	if p.mistakes(form); form.Failed() {
		return s.renderRecap(w, r, at, http.StatusUnprocessableEntity, d, form, "")
	}
	m, err := s.Mandates.Sign(r.Context(), at.Actor(), d.ID, a)
	if err != nil && !errors.Is(err, draft.ErrSigned) {
		return s.notSigned(w, r, at, d, form, err)
	}
	if err == nil {
		if err := s.signed(r, at, d, m); err != nil {
			return err
		}
	}
	return s.goTo(w, r, "/mandats/"+m.ID.String())
}

func (s *Site) signed(r *http.Request, at *session.Session, d draft.Draft, m mandate.Mandate) error {
	if err := s.Sessions.Notify(r.Context(), at, "mandate:"+m.ID.String(), "aidant.mandate.signed"); err != nil {
		return err
	}
	// Who gave their second factor on the recap of this very person gave it for them: using the mandate at once asks no more.
	if at.FactorAt.After(d.IdentifiedAt) {
		return s.Sessions.FactorFor(r.Context(), at, m.Citizen)
	}
	return nil
}

// otherTerms is the text of a refusal that ends with other terms, "" for another.
func otherTerms(err error) string {
	switch {
	case errors.Is(err, draft.ErrNotAllowed):
		return "aidant.problem.not_allowed"
	case errors.Is(err, draft.ErrWider), errors.Is(err, mandate.ErrNotRenewable):
		return "recap.problem.renewal"
	}
	return ""
}

// notSigned says why nothing was signed, and what to do.
func (s *Site) notSigned(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, form *page.Form, err error) error {
	again := func(status int, notice string) error { return s.renderRecap(w, r, at, status, d, form, notice) }
	switch {
	case errors.Is(err, mandate.ErrIdentityTooOld):
		return again(http.StatusConflict, "aidant.recap.notice.too_old")
	case errors.Is(err, mandate.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, staff.Step(d), form, kept()...)
	case errors.Is(err, credential.ErrTerms), errors.Is(err, mandate.ErrOtherTerms):
		return s.renderRecap(w, r, at, http.StatusConflict, d, nil, "aidant.recap.notice.changed")
	case errors.Is(err, credential.ErrWrong), errors.Is(err, credential.ErrCloned), errors.Is(err, credential.ErrNoFactor), errors.Is(err, credential.ErrReset):
		return again(http.StatusConflict, "recap.notice.key")
	case errors.Is(err, mandate.ErrNoProof), errors.Is(err, mandate.ErrRefused), errors.Is(err, mandate.ErrAttested), errors.Is(err, mandate.ErrWitnessGone):
		return again(http.StatusConflict, "recap.notice.no_proof")
	case errors.Is(err, mandate.ErrNotAlone):
		form.Fail("private", "recap.wrong.private")
		return again(http.StatusUnprocessableEntity, "")
	case otherTerms(err) != "":
		return page.NewProblem(http.StatusConflict, otherTerms(err), pathOf(d.ID))
	case notHere(err) != "":
		return s.identifyAgain(w, r, at, d, notHere(err))
	case errors.Is(err, draft.ErrState):
		return s.goTo(w, r, "/brouillons/"+d.ID.String()+"/identite")
	}
	return refusal(err)
}

// sayOptions answers js/passkey.js with what a passkey is to sign, or with why nothing is (POST …/signature/options).
func (s *Site) sayOptions(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, ok := fieldsOf(r)
	switch {
	case !ok:
		return page.Refuse(w, http.StatusBadRequest, "failed")
	case d.State != draft.Identified:
		return lead(w, r, staff.Step(d))
	}
	p, a, err := s.read(r, at, d, form)
	if _, told := errors.AsType[*page.Problem](err); told {
		return lead(w, r, staff.Step(d)) // whose page is that problem
	}
	if err != nil {
		return err
	}
	if !p.sameAs(form, d) {
		return page.Refuse(w, http.StatusConflict, "changed")
	}
	if p.mistakes(form); form.Failed() {
		if form.Mistake("drawn") != "" {
			return page.Refuse(w, http.StatusUnprocessableEntity, "drawn")
		}
		if form.Mistake("understood") == "recap.wrong.understood" {
			return page.Refuse(w, http.StatusUnprocessableEntity, "understood")
		}
		return page.Refuse(w, http.StatusUnprocessableEntity, "agreed")
	}
	options, err := s.Mandates.PrepareSignature(r.Context(), at.Actor(), d.ID, a)
	if err != nil {
		return s.sayWhy(w, r, at, d, err)
	}
	return page.WriteJSON(w, http.StatusOK, json.RawMessage(options))
}

// lead tells js/passkey.js where to go.
func lead(w http.ResponseWriter, r *http.Request, to string) error {
	return page.WriteJSON(w, http.StatusOK, map[string]string{"location": page.Placed(r.Context(), to)})
}

// sayWhy tells js/passkey.js why a passkey has nothing to sign: a word that its page knows, or the page that says what to do.
func (s *Site) sayWhy(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, err error) error {
	notice := func(about, key, to string) error {
		if err := s.Sessions.Notify(r.Context(), at, about, key); err != nil {
			return err
		}
		return lead(w, r, to)
	}
	switch {
	case errors.Is(err, credential.ErrNoFactor):
		return page.Refuse(w, http.StatusForbidden, "no_key")
	case errors.Is(err, credential.ErrReset):
		return page.Refuse(w, http.StatusForbidden, "reset")
	case errors.Is(err, mandate.ErrNotAlone):
		return page.Refuse(w, http.StatusUnprocessableEntity, "agreed")
	case errors.Is(err, mandate.ErrIdentityTooOld), errors.Is(err, mandate.ErrNoProof), errors.Is(err, mandate.ErrRefused), errors.Is(err, mandate.ErrAttested), errors.Is(err, mandate.ErrWitnessGone), errors.Is(err, draft.ErrSigned):
		return lead(w, r, staff.Step(d)) // whose page says why
	case notHere(err) != "":
		return notice(noticeFor(d), notHere(err), pathOf(d.ID)+"/identite")
	case otherTerms(err) != "":
		return notice(termsNotice(d.ID), otherTerms(err), pathOf(d.ID))
	case errors.Is(err, draft.ErrState), errors.Is(err, mandate.ErrOtherTerms):
		return page.Refuse(w, http.StatusConflict, "changed")
	}
	return refusal(err)
}

// fieldsOf reads the form as js/passkey.js sends it: each field once.
func fieldsOf(r *http.Request) (*page.Form, bool) {
	var sent struct {
		Form map[string]string `json:"form"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &sent) != nil || sent.Form == nil {
		return nil, false
	}
	values := url.Values{}
	for name, v := range sent.Form {
		values.Set(name, v)
	}
	return page.FilledForm(values), true
}
