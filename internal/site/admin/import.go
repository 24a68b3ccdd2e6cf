package admin

import (
	"net/http"
	"strconv"

	"mandat/internal/certification"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

// imported is an import as pages show it.
type imported struct {
	certification.Imported
	Ended   bool
	Stopped bool // it ended before its last line
	Taken   int  // lines that are done and were not refused
}

func importedNow(x certification.Imported) imported {
	return imported{Imported: x, Ended: !x.EndedAt.IsZero(), Stopped: !x.EndedAt.IsZero() && x.Done < x.Lines, Taken: x.Done - x.Refused}
}

type importPage struct {
	page.Common
	Import  imported
	Changed int
	Refused []refusedLine
	Next    int // the line after which the next page begins, 0 for none
	Notice  string
}

// refusedLine is a line of the file that was refused.
type refusedLine struct {
	Number int
	Wrong  string // key of why
}

// Unchanged counts the lines that said what was known.
func (p *importPage) Unchanged() int { return p.Import.Taken - p.Changed }

// showImport shows what became of a file: which of its lines were refused, and why. The file itself is not kept, and nobody in it is named.
func (s *Site) showImport(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "import")
	if err != nil {
		return err
	}
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 31)
	if err != nil {
		after = 0
	}
	x, changed, refused, err := s.Certifications.ImportOf(r.Context(), at.Actor(), id, int(after), linesShown+1)
	if err != nil {
		return refusal(err)
	}
	p := &importPage{Common: page.Common{Title: "admin.import.title", Current: home.Href, Trail: []page.Link{home, {Href: importsPath, Text: "admin.imports.title"}}, KeepQuery: []string{"after"}},
		Import: importedNow(x), Changed: changed}
	if len(refused) > linesShown {
		refused = refused[:linesShown]
		p.Next = refused[linesShown-1].Line
	}
	for _, l := range refused {
		p.Refused = append(p.Refused, refusedLine{l.Line, "admin.refused." + l.Why})
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/import.html", p)
}
