package counter

import (
	"errors"
	"net/http"
	"strconv"

	"mandat/internal/draft"
	"mandat/internal/evidence"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

func (s *Site) doSign(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if d.State == draft.Identified && form.Value("version") != strconv.Itoa(d.Version) {
		return s.renderRecap(w, r, at, http.StatusConflict, d, nil, "aidant.recap.notice.changed")
	}
	m, err := s.Mandates.Sign(r.Context(), at.Actor(), d.ID, mandate.Agreement{Ticked: form.Ticked("agreed"), Version: d.Version,
		How: &terms.Agreement{Lang: page.Lang(r), Form: evidence.Plain, Reading: "self"}, Factor: at.FactorKind})
	switch {
	case err == nil:
		if err := s.Sessions.Notify(r.Context(), at, "mandate:"+m.ID.String(), "aidant.mandate.signed"); err != nil {
			return err
		}
		// Who gave their second factor on the recap of this very person gave it for them: using the mandate at once asks no more.
		if at.FactorAt.After(d.IdentifiedAt) {
			if err := s.Sessions.FactorFor(r.Context(), at, m.Citizen); err != nil {
				return err
			}
		}
		return s.goTo(w, r, "/mandats/"+m.ID.String())
	case errors.Is(err, draft.ErrSigned):
		return s.goTo(w, r, "/mandats/"+m.ID.String())
	case errors.Is(err, mandate.ErrNotAgreed):
		form.Fail("agreed", "aidant.recap.wrong.agreed")
		return s.renderRecap(w, r, at, http.StatusUnprocessableEntity, d, form, "")
	case errors.Is(err, mandate.ErrIdentityTooOld):
		return s.renderRecap(w, r, at, http.StatusConflict, d, form, "aidant.recap.notice.too_old")
	case errors.Is(err, mandate.ErrFactorTooOld):
		return s.Sessions.SendFormToStepUp(w, r, staff.Step(d), form, "agreed", "version")
	case errors.Is(err, draft.ErrNotAllowed):
		return page.NewProblem(http.StatusConflict, "aidant.problem.not_allowed", "/brouillons/"+d.ID.String())
	case errors.Is(err, mandate.ErrOtherBrowser):
		return s.identifyAgain(w, r, at, d, "aidant.refused.other_browser")
	case errors.Is(err, draft.ErrMinor):
		return s.identifyAgain(w, r, at, d, "aidant.refused.minor")
	case errors.Is(err, draft.ErrState):
		return s.goTo(w, r, "/brouillons/"+d.ID.String()+"/identite")
	}
	return refusal(err)
}
