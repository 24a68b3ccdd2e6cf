package referent

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

var findings = page.Link{Href: "/referent/constats", Text: "cases.there.title"}

// findingsPage is what auditors found about the organisation, with the field for a reply.
type findingsPage struct {
	page.Common
	Findings []finding
	One      bool // the page of one of them, with the field for a reply
	Max      int
	Notice   string
}

// finding is one of them. Who made it is the auditors as a whole.
type finding struct {
	inquiry.Finding
	Waits bool
}

// Whom and What are a person and a mandate for the eye, as entries name them.
func (f finding) Whom() string { return journal.Pseudonym(f.Person) }

// What is the mandate.
func (f finding) What() string { return journal.Pseudonym(f.Mandate) }

// HasPerson reports whether it is about somebody.
func (f finding) HasPerson() bool { return f.Person != uuid.Nil }

// HasMandate reports whether it is about a mandate.
func (f finding) HasMandate() bool { return f.Mandate != uuid.Nil }

func (s *Site) showFindings(w http.ResponseWriter, r *http.Request) error {
	return s.renderFindings(w, r, http.StatusOK, uuid.Nil, nil)
}

func (s *Site) showFinding(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "finding")
	if err != nil {
		return err
	}
	form, err := s.acts().Kept(r, findingPath(id), nil)
	if err != nil {
		return err
	}
	return s.renderFindings(w, r, http.StatusOK, id, form)
}

func findingPath(id uuid.UUID) string { return findings.Href + "/" + id.String() }

// renderFindings shows all of them, or one.
func (s *Site) renderFindings(w http.ResponseWriter, r *http.Request, status int, one uuid.UUID, form *page.Form) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &findingsPage{Common: page.Common{Title: findings.Text, Current: home.Href, Trail: []page.Link{home}, Form: form}, One: one != uuid.Nil, Max: inquiry.WordsMax}
	if p.One {
		p.Title, p.Trail = "cases.there.one", append(p.Trail, findings)
	}
	all, err := s.Inquiries.OfOrganisation(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, f := range all {
		if one == uuid.Nil || f.ID == one {
			p.Findings = append(p.Findings, finding{f, f.Waits(s.Clock.Now())})
		}
	}
	if p.One && len(p.Findings) == 0 {
		return db.ErrNotFound
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "referent/findings.html", p)
}

func (s *Site) doReply(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "finding")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	switch err := s.Inquiries.Reply(r.Context(), at.Actor(), id, form.Value("reponse")); {
	case errors.Is(err, inquiry.ErrWords):
		form.Fail("reponse", "cases.wrong.words")
	case errors.Is(err, inquiry.ErrSecret):
		form.Fail("reponse", "cases.wrong.secret")
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, findingPath(id), form)
	case errors.Is(err, inquiry.ErrLate), errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "cases.problem.late", findings.Href)
	case err != nil:
		return refusal(err)
	default:
		return s.acts().Finish(w, r, at, findings.Href, "cases.there.done")
	}
	return s.renderFindings(w, r, http.StatusUnprocessableEntity, id, form)
}

// doReport sends the paper of what was decided on a finding. Its entry is committed before its first byte leaves.
func (s *Site) doReport(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "finding")
	if err != nil {
		return err
	}
	document, made, err := s.Reports.MakeThere(r.Context(), at.Actor(), id, page.Lang(r))
	if err != nil {
		return refusal(staff.Often(r, err, "cases.problem.often", findings.Href))
	}
	page.SendPDF(w, "constat-"+made.MadeAt.Format("20060102T150405Z")+".pdf", document)
	return nil
}
