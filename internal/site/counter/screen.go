package counter

import (
	"net/http"

	"mandat/internal/draft"
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

func (s *Site) showScreen(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if d.State != draft.Identified {
		return s.goTo(w, r, staff.Step(d))
	}
	o, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return err
	}
	made, err := s.propose(r.Context(), at.Actor(), o, d, howOf(r, nil))
	if err != nil {
		return refusal(err)
	}
	p := &screenPage{Common: page.Common{Title: "recap.screen.title", Scripts: []string{"js/aloud.js"}}, proposal: made, Draft: d, Ways: ways(made.How)}
	return s.Pages.Render(w, r, http.StatusOK, "counter/screen.html", p)
}
