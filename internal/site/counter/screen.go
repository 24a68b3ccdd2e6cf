package counter

import (
	"errors"
	"net/http"

	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// screenPage is counter/screen.html: what the citizen reads, and nothing else of the application.
type screenPage struct {
	page.Common
	proposal
	Draft draft.Draft
	Ways  []way
}

// doHandBack shows the recap again to the aidant, with what the citizen drew on their screen: it stands in the form that signs, and is kept nowhere yet.
func (s *Site) doHandBack(w http.ResponseWriter, r *http.Request) error {
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
	p, _, err := s.read(r, at, d, form)
	switch {
	case err != nil:
		return err
	case !p.sameAs(form, d):
		return s.renderRecap(w, r, at, http.StatusConflict, d, nil, "aidant.recap.notice.changed")
	case p.unreadable(form):
		form.Fail("drawn", "recap.wrong.drawn")
		return s.renderRecap(w, r, at, http.StatusUnprocessableEntity, d, form, "")
	}
	return s.renderRecap(w, r, at, http.StatusOK, d, form, "")
}

func (s *Site) showScreen(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if d.State != draft.Identified {
		return s.goTo(w, r, staff.Step(d))
	}
	if err := s.Mandates.Gave(r.Context(), at.Actor(), d); errors.Is(err, mandate.ErrOtherCitizen) {
		return s.identifyAgain(w, r, at, d, notHere(err))
	} else if err != nil {
		return refusal(err)
	}
	o, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return err
	}
	made, err := s.propose(r.Context(), at.Actor(), o, d, howOf(r, nil))
	if err != nil {
		return refusal(err)
	}
	offered, err := ways("", made.How)
	if err != nil {
		return err
	}
	p := &screenPage{Common: page.Common{Title: "recap.screen.title", Scripts: []string{"js/aloud.js", "js/drawn.js"}}, proposal: made, Draft: d, Ways: offered}
	return s.Pages.Render(w, r, http.StatusOK, "counter/screen.html", p)
}
