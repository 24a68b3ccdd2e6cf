package counter

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
)

// colleaguesPage is counter/colleagues.html: a draft that somebody else has, without who the citizen is.
type colleaguesPage struct {
	page.Common
	Draft    draft.Draft
	Holder   string
	Powers   []terms.Outlined
	Span     terms.Span
	Awaits   bool // a second colleague
	JustLost bool // somebody else has taken it over, or changed it, while this page was open
}

func pathOf(id uuid.UUID) string { return "/brouillons/" + id.String() }

// termsNotice names the message that waits for the page of a draft's terms.
func termsNotice(id uuid.UUID) string { return "terms:" + id.String() }

// anyDraft finds the draft of the path, of whomever it is in the organisation.
func (s *Site) anyDraft(r *http.Request) (*session.Session, draft.Draft, error) {
	at, id, err := staff.WithID(r, "draft")
	if err != nil {
		return nil, draft.Draft{}, err
	}
	d, err := s.Drafts.Find(r.Context(), at.Actor(), id)
	if errors.Is(err, db.ErrNotFound) {
		err = draftGone()
	}
	return at, d, refusal(err)
}

// ownDraft finds the draft of the path, for the aidant whose it is. One that is gone is explained, and one that a colleague has.
func (s *Site) ownDraft(r *http.Request) (*session.Session, draft.Draft, error) {
	at, d, err := s.anyDraft(r)
	if err == nil && d.Person != at.Person {
		err = colleagues(d.ID)
	}
	return at, d, err
}

func draftGone() error {
	return page.NewProblem(http.StatusNotFound, "aidant.problem.draft_gone", newTerms)
}

func colleagues(id uuid.UUID) error {
	return page.NewProblem(http.StatusConflict, "aidant.problem.draft_of_colleague", pathOf(id))
}

func (s *Site) renderColleagues(w http.ResponseWriter, r *http.Request, at *session.Session, status int, d draft.Draft) error {
	holder, err := s.Directory.Find(r.Context(), d.Person)
	if err != nil {
		return err
	}
	p := &colleaguesPage{Common: page.Common{Title: "aidant.colleagues.title", Current: newTerms, Trail: []page.Link{home}}, Draft: d, Holder: holder.GivenName + " " + holder.UsualName,
		Powers: d.Terms.Outline(s.Catalogue, s.Clock.Now()), Span: d.Terms.Span(s.Clock.Now(), terms.MaxDays), Awaits: staff.AwaitsColleague(d), JustLost: status == http.StatusConflict}
	return s.Pages.Render(w, r, status, "counter/colleagues.html", p)
}

// doTakeOver makes a colleague's draft one's own, as it was shown. Its terms come next: the declarations are made again, with whom the citizen tells now.
func (s *Site) doTakeOver(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.anyDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if d.Person == at.Person {
		return s.goTo(w, r, pathOf(d.ID)) // twice
	}
	version, _ := strconv.Atoi(form.Value("version"))
	err = s.Drafts.TakeOver(r.Context(), at.Actor(), d.ID, version)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return draftGone()
	case errors.Is(err, draft.ErrState), errors.Is(err, draft.ErrSigned):
		return s.tooLate(w, r)
	case err != nil:
		return refusal(err)
	}
	if err := s.Sessions.Notify(r.Context(), at, termsNotice(d.ID), "aidant.colleagues.taken"); err != nil {
		return err
	}
	return s.goTo(w, r, pathOf(d.ID))
}

// tooLate shows who has a draft that was not taken over, or what became of it.
func (s *Site) tooLate(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.anyDraft(r)
	switch {
	case err != nil:
		return err
	case d.Person == at.Person || d.State == draft.Signed || d.State == draft.Abandoned:
		return s.goTo(w, r, staff.Step(d))
	}
	return s.renderColleagues(w, r, at, http.StatusConflict, d)
}
