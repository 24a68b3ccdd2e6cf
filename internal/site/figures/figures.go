// Package figures is the page that shows how many acts were done, by organisation, procedure and action over time: of all organisations to auditors and administrators, of their own
// to referents. Who sees what is package statistics' to say.
//
//	figures.go  the page, for three audiences
//	form.go     reads what is asked
//	lines.go    figures as pages show them
//	take.go     figures taken away: CSV, XLSX, or a sealed PDF
package figures

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/chart"
	"mandat/internal/clock"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/statistics"
)

// Site serves the pages of figures.
type Site struct {
	Pages      *page.Pages
	Statistics *statistics.Register
	Catalogue  *procedure.Catalogue
	Sealer     *pdf.Sealer
	Clock      *clock.Clock
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	for _, b := range []board{
		{s, page.Auditor, "/audit/tableau", page.Link{Href: "/audit", Text: "auditor.home.title"}},
		{s, page.Referent, "/referent/tableau", page.Link{Href: "/referent", Text: "referent.home.title"}},
		{s, page.Administrator, "/admin/tableau", page.Link{Href: "/admin", Text: "admin.home.title"}},
	} {
		r.Get(b.path, b.audience, b.show)
		r.Post(b.path, b.audience, b.take)
	}
}

// board is the page of one audience.
type board struct {
	*Site
	audience page.Audience
	path     string
	home     page.Link
}

type boardPage struct {
	page.Common
	Path          string
	Everywhere    bool // of all organisations
	Actions       []string
	Themes        []procedure.Theme
	Figures       statistics.Figures
	From, To      string // of the figures, in words
	Empty         bool
	Chart         chart.Chart
	Periods, Acts []line
	Organisations []line
	Procedures    []line
	Formats       []string
	Asked         [][2]string // what is asked, for the form that takes it away
}

func (b board) show(w http.ResponseWriter, r *http.Request) error {
	return b.render(w, r, http.StatusOK, page.FilledForm(r.URL.Query()))
}

// render shows what a form asks for. A form that is wrong shows what is wrong, and no figures.
func (b board) render(w http.ResponseWriter, r *http.Request, status int, f *page.Form) error {
	at := session.From(r.Context())
	if at == nil {
		return page.ErrForbidden
	}
	p := &boardPage{Common: page.Common{Title: "figures.title", Trail: []page.Link{b.home}, Current: b.current(), Form: f, KeepQuery: fields}, Path: b.path, Everywhere: b.audience != page.Referent,
		Actions: statistics.Actions(), Themes: b.Catalogue.Themes(), Formats: statistics.Formats()}
	q := questionOf(f)
	if !f.Failed() || status != http.StatusOK {
		var err error
		p.Figures, err = b.Statistics.Figures(r.Context(), at.Actor(), q)
		if errors.Is(err, statistics.ErrSpan) {
			f.Fail("au", "figures.wrong.span")
		} else if err != nil {
			return b.refusal(err)
		}
	}
	if f.Failed() && status == http.StatusOK {
		status = http.StatusUnprocessableEntity
	}
	if !p.Figures.From.IsZero() {
		if err := b.fill(p, page.Lang(r)); err != nil {
			return err
		}
	}
	return b.Pages.Render(w, r, status, "figures/board.html", p)
}

// current is the link of the navigation that stands for the page.
func (b board) current() string {
	if b.audience == page.Auditor {
		return b.path
	}
	return b.home.Href
}

// fill puts figures into words.
func (b board) fill(p *boardPage, lang string) error {
	l, f := b.lister(lang), p.Figures
	if b.audience == page.Auditor {
		l.search = &p.Figures.Question
	}
	p.Empty, p.From, p.To = f.Total == 0, prose.Day(lang, f.From.Year(), f.From.Month(), f.From.Day()), prose.Day(lang, f.To.Year(), f.To.Month(), f.To.Day())
	p.Asked = entered(f.Question, b.audience == page.Referent)
	values := make([]chart.Value, len(f.Periods))
	for i, x := range f.Periods {
		values[i] = chart.Value{Label: short(lang, f.By, x), Count: x.Acts}
	}
	p.Chart = chart.New(values)
	var err error
	if p.Periods, err = l.periods(f); err == nil {
		p.Acts, err = l.actions(f)
	}
	if err != nil {
		return err
	}
	p.Organisations, p.Procedures = l.organisations(f), l.procedures(f)
	for _, lines := range [][]line{p.Periods, p.Acts, p.Organisations, p.Procedures} {
		share(lines)
	}
	if b.audience != page.Referent {
		for i, x := range f.Organisations {
			if id, err := uuid.Parse(x.Key); err == nil {
				q := f.Question
				q.Organisation = id
				p.Organisations[i].Only = b.path + "?" + query(q).Encode()
			}
		}
	}
	return nil
}

// Number writes a number as the page's language has it.
func (p *boardPage) Number(n int64) string { return prose.Number(p.Lang, n) }

// refusal turns what the rules refuse into words.
func (b board) refusal(err error) error {
	if errors.Is(err, org.ErrMayNot) {
		return page.ErrForbidden
	}
	return err
}
