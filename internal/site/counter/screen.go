package counter

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// screenPage is counter/screen.html: what the citizen reads, and nothing else of the application.
type screenPage struct {
	page.Common
	proposal
	Draft   draft.Draft
	Ways    []way
	WaysTo  string     // where a button for another language sends the form
	Carried url.Values // fields of the recap that come back with the screen
}

// doHandBack shows the recap again to the aidant, with what the citizen drew on their screen, or in another language: it stands in the form that signs, and is kept nowhere
// yet.
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
	if other, ok := inAnotherWay(form); ok {
		return s.renderRecap(w, r, at, http.StatusOK, d, other, "recap.notice.way")
	}
	return s.renderRecap(w, r, at, http.StatusOK, d, form, "")
}

// showScreen shows the text alone, in the language and form of the address.
func (s *Site) showScreen(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	return s.renderScreen(w, r, at, d, nil)
}

// doScreen shows it with what the form of the recap or of the screen itself has in it: it comes back with the citizen's drawing, and another language loses nothing of it.
func (s *Site) doScreen(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil || d.State != draft.Identified {
		return errors.Join(err, s.renderScreen(w, r, at, d, nil))
	}
	p, _, err := s.read(r, at, d, form)
	switch {
	case err != nil:
		return err
	case !p.sameAs(form, d) || p.unreadable(form): // the drawing is of another text, or none
		form = page.FilledForm(form.Some("langue", "forme"))
	}
	if other, ok := inAnotherWay(form); ok {
		form = other
	}
	return s.renderScreen(w, r, at, d, form)
}

func (s *Site) renderScreen(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, form *page.Form) error {
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
	made, err := s.propose(r.Context(), at.Actor(), o, d, howOf(r, form))
	if err != nil {
		return refusal(err)
	}
	offered, err := ways(made.How)
	if err != nil {
		return err
	}
	p := &screenPage{Common: page.Common{Title: "recap.screen.title", Form: form, Scripts: []string{"js/aloud.js", "js/drawn.js"}}, proposal: made, Draft: d, Ways: offered,
		WaysTo: screenPath(d.ID), Carried: form.Some(carried()...)}
	return s.Pages.Render(w, r, http.StatusOK, "counter/screen.html", p)
}

func screenPath(id uuid.UUID) string { return pathOf(id) + "/ecran" }

// carried are the fields of the recap that go with the text to the citizen's screen and back: nothing that is agreed to.
func carried() []string {
	out := []string{"reading", "private"}
	for n := range rows {
		out = append(out, rowField("role", n), rowField("name", n))
	}
	return out
}

// inAnotherWay is a form as it goes on when its button "way" was pressed, which asks for the text in another language or form: what was drawn, and who is in the room,
// stays. How the text was read, the answer to the question and the agreement were about the other text: they are asked again.
func inAnotherWay(form *page.Form) (*page.Form, bool) {
	lang, how, ok := strings.Cut(form.Value("way"), " ")
	if !ok {
		return nil, false
	}
	values := form.Some(append(carried(), "drawn")...)
	values.Del("reading")
	values.Set("langue", lang)
	values.Set("forme", how)
	return page.FilledForm(values), true
}
