package admin

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandat/internal/certification"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type importsPage struct {
	page.Common
	Header  string // the first line of a file
	Imports []imported
	Running bool // there is one under way
	Notice  string
}

const importsPath = "/admin/imports"

func (s *Site) listImports(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.renderImports(w, r, at, nil, http.StatusOK)
}

func (s *Site) renderImports(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, status int) error {
	p := &importsPage{Common: page.Common{Title: "admin.imports.title", Current: home.Href, Trail: []page.Link{home}, Form: form}, Header: strings.Join(certification.Columns(), ";")}
	all, err := s.Certifications.Imports(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	for _, x := range all {
		line := importedNow(x)
		p.Imports = append(p.Imports, line)
		p.Running = p.Running || !line.Ended
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/imports.html", p)
}

type planPage struct {
	page.Common
	certification.Counts
	Content        string // of the file, in base64: what is imported is what was shown
	Lines          []planLine
	First, Last    int    // of all lines, in the order in which they are shown, those that are refused first
	All            int    // lines of the file
	Previous, Next string // "from" of the page before and of the one after, "" for none
	Stale          bool
}

// planLine is what a line would do.
type planLine struct {
	Number  int
	What    string // the address in it
	Effects []string
	Until   time.Time
	Wrong   string // key of why it is refused
}

// linesShown is how many lines of a file are on a page.
const linesShown = 300

// doPlan reads a file and shows what each of its lines would do. Nothing is changed.
func (s *Site) doPlan(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, content, err := page.ParseUpload(r, "file")
	if err != nil {
		return err
	}
	if content == nil {
		form.Fail("file", "admin.wrong.file")
		return s.renderImports(w, r, at, form, http.StatusUnprocessableEntity)
	}
	return s.plan(w, r, at, form, content, http.StatusOK)
}

// plan shows a page of what the lines of a file would do: that which begins at the field "from" of the form.
func (s *Site) plan(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, content []byte, status int) error {
	plan, err := s.Certifications.Plan(r.Context(), at.Actor(), bytes.NewReader(content))
	if key := wrongFile(err); key != "" {
		form.Fail("file", key)
		return s.renderImports(w, r, at, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return refusal(err)
	}
	p := &planPage{Common: page.Common{Title: "admin.plan.title", Current: home.Href, Trail: []page.Link{home, {Href: importsPath, Text: "admin.imports.title"}}}, Counts: plan.Counts,
		Content: base64.StdEncoding.EncodeToString(content), Stale: status == http.StatusConflict}
	slices.SortStableFunc(plan.Lines, func(a, b certification.Line) int { return one(a.Wrong == "") - one(b.Wrong == "") })
	for _, l := range p.turn(plan.Lines, form.Value("from")) {
		line := planLine{Number: l.Number, What: l.Email, Effects: l.Effects, Until: l.Until}
		if l.Wrong != "" {
			line.Wrong = "admin.refused." + l.Wrong
		}
		p.Lines = append(p.Lines, line)
	}
	return s.Pages.Render(w, r, status, "admin/plan.html", p)
}

// planLater shows the plan again, in which the file is, when the second factor is too old to take it in: it is given in another window, which
// ends on the page of imports and says there to come back.
func (s *Site) planLater(w http.ResponseWriter, r *http.Request, at *session.Session, form *page.Form, content []byte) error {
	if err := s.Sessions.ComeBack(r.Context(), at, importsPath); err != nil {
		return err
	}
	if err := s.Sessions.Notify(r.Context(), at, s.acts().About, "admin.imports.confirmed"); err != nil {
		return err
	}
	return s.plan(w, r, at, form, content, http.StatusConflict)
}

// turn chooses the lines of a page.
func (p *planPage) turn(lines []certification.Line, from string) []certification.Line {
	begin, err := strconv.ParseUint(from, 10, 31)
	if err != nil || int(begin) >= len(lines) {
		begin = 0
	}
	first := int(begin) / linesShown * linesShown
	last := min(first+linesShown, len(lines))
	p.First, p.Last, p.All = first+1, last, len(lines)
	if first > 0 {
		p.Previous = strconv.Itoa(first - linesShown)
	}
	if last < len(lines) {
		p.Next = strconv.Itoa(last)
	}
	return lines[first:last]
}

// wrongFile is the key of why a whole file is refused, "" when it is not.
func wrongFile(err error) string {
	switch {
	case errors.Is(err, certification.ErrTooLarge):
		return "admin.imports.wrong.large"
	case errors.Is(err, certification.ErrEncoding):
		return "admin.imports.wrong.encoding"
	case errors.Is(err, certification.ErrEmpty):
		return "admin.imports.wrong.empty"
	case errors.Is(err, certification.ErrHeader):
		return "admin.imports.wrong.header"
	}
	return ""
}

// patience is how long somebody waits for an import before the rest of it goes on without them: some tens of thousands of lines.
const patience = 2 * time.Second

// doImport takes in the file whose plan was shown, or shows another page of the plan.
func (s *Site) doImport(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, _, err := page.ParseUpload(r, "file")
	if err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(form.Value("content"))
	if err != nil || len(content) == 0 {
		form.Fail("file", "admin.wrong.file")
		return s.renderImports(w, r, at, form, http.StatusUnprocessableEntity)
	}
	if form.Value("from") != "" {
		return s.plan(w, r, at, form, content, http.StatusOK)
	}
	out, err := s.Certifications.Import(r.Context(), at.Actor(), bytes.NewReader(content), patience)
	switch key := wrongFile(err); {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.planLater(w, r, at, form, content)
	case key != "":
		form.Fail("file", key)
		return s.renderImports(w, r, at, form, http.StatusUnprocessableEntity)
	case err != nil:
		return refusal(err)
	}
	notice := "admin.imports.imported"
	switch {
	case out.Left > 0:
		notice = "admin.imports.going_on"
	case out.Refused > 0:
		notice = "admin.imports.imported_some"
	}
	return s.acts().Finish(w, r, at, importsPath+"/"+out.ID.String(), notice)
}

// doResumeImports has imports that were interrupted go on at once.
func (s *Site) doResumeImports(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, importsPath, "admin.imports.resumed", func() error { return s.Certifications.AskToResume(r.Context(), at.Actor()) })
}
