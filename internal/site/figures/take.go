package figures

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/spreadsheet"
	"mandat/internal/statistics"
)

// take sends the figures that the page shows. The entry is committed before the first byte leaves.
func (b board) take(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	if at == nil {
		return page.ErrForbidden
	}
	f, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	q := questionOf(f)
	format := f.Choice("format", statistics.Formats()...)
	if format == "" {
		f.Fail("format", "figures.wrong.format")
	}
	if f.Failed() {
		return b.render(w, r, http.StatusUnprocessableEntity, f)
	}
	figures, err := b.Statistics.Export(r.Context(), at.Actor(), q, format)
	if errors.Is(err, statistics.ErrSpan) {
		f.Fail("au", "figures.wrong.span")
		return b.render(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return b.refusal(err)
	}
	name := `attachment; filename="actes-` + figures.From.Format(time.DateOnly) + `-` + figures.To.Format(time.DateOnly) + `.` + format + `"`
	lang := page.Lang(r)
	parts, err := b.parts(lang, figures)
	if err != nil {
		return err
	}
	if format == "pdf" {
		err := b.sendPaper(w, lang, name, figures, parts)
		if _, unprintable := errors.AsType[*pdf.UnprintableError](err); unprintable {
			f.Fail("format", "figures.wrong.unprintable")
			return b.render(w, r, http.StatusUnprocessableEntity, f)
		}
		return err
	}
	return b.sendTable(w, lang, format, name, parts)
}

// part is one of the tables of the page.
type part struct {
	title string
	lines []line
}

// parts are the tables of the page, each line with a text.
func (s *Site) parts(lang string, f statistics.Figures) ([]part, error) {
	l := s.lister(lang)
	periods, err1 := l.periods(f)
	actions, err2 := l.actions(f)
	others, err3 := s.Pages.Text(lang, "figures.others")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	organisations := l.organisations(f)
	for i := range organisations {
		if organisations[i].Text == "" {
			organisations[i].Text = others
		}
	}
	var out []part
	for _, p := range []struct {
		key   string
		lines []line
	}{{"figures.over_time", periods}, {"figures.by_action", actions}, {"figures.by_organisation", organisations}, {"figures.by_procedure", l.procedures(f)}} {
		title, err := s.Pages.Text(lang, p.key)
		if err != nil {
			return nil, err
		}
		if len(p.lines) > 0 {
			out = append(out, part{title, p.lines})
		}
	}
	return out, nil
}

// sendTable writes the table as it is sent: an error from there on is a browser that has gone.
func (s *Site) sendTable(w http.ResponseWriter, lang, format, name string, parts []part) error {
	var rows [][]string
	heading := make([]string, 4)
	for i, key := range []string{"figures.column.part", "figures.column.what", "figures.column.id", "figures.column.acts"} {
		var err error
		if heading[i], err = s.Pages.Text(lang, key); err != nil {
			return err
		}
	}
	rows = append(rows, heading)
	for _, p := range parts {
		for _, l := range p.lines {
			rows = append(rows, []string{p.title, l.Text, l.ID, strconv.FormatInt(l.Acts, 10)})
		}
	}
	h, next := w.Header(), -1
	h.Set("Content-Type", spreadsheet.Type(format))
	h.Set("Content-Disposition", name)
	_ = spreadsheet.Write(w, format, func() ([]string, bool) {
		if next++; next >= len(rows) {
			return nil, false
		}
		return rows[next], true
	})
	return nil
}

// sendPaper sets the tables as a document, and seals it.
func (s *Site) sendPaper(w http.ResponseWriter, lang, name string, f statistics.Figures, parts []part) error {
	title, err := s.Pages.Text(lang, "figures.title")
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	says, err1 := s.Pages.Text(lang, "figures.paper.says", "From", prose.Day(lang, f.From.Year(), f.From.Month(), f.From.Day()), "To", prose.Day(lang, f.To.Year(), f.To.Month(), f.To.Day()), "Acts", prose.Number(lang, f.Total))
	note, err2 := s.Pages.Text(lang, "figures.paper.note", "At", prose.DateTime(lang, now), "Index", f.Counted)
	narrowed, err3 := s.narrowed(lang, f)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	d := pdf.New(lang, title, now)
	d.Heading(1, title)
	d.Paragraph(says)
	if len(narrowed) > 0 {
		d.Pairs(narrowed)
	}
	for _, p := range parts {
		d.Heading(2, p.title)
		rows := make([][2]string, len(p.lines))
		for i, l := range p.lines {
			rows[i] = [2]string{l.Text, prose.Number(lang, l.Acts)}
		}
		d.Pairs(rows)
	}
	d.Note(note)
	data, err := d.Bytes()
	if err == nil {
		data, err = s.Sealer.Seal(data, title, now)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", name)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) //nolint:gosec // a PDF, not HTML
	return nil
}

// narrowed says by what the figures are narrowed.
func (s *Site) narrowed(lang string, f statistics.Figures) ([][2]string, error) {
	var out [][2]string
	add := func(key, value string) error {
		if value == "" {
			return nil
		}
		label, err := s.Pages.Text(lang, key)
		out = append(out, [2]string{label, value})
		return err
	}
	procedure, action := f.Procedure, ""
	for _, l := range s.lister(lang).procedures(f) {
		if l.ID == f.Procedure {
			procedure = l.Text
		}
	}
	var err error
	if f.Action != "" {
		action, err = s.Pages.Text(lang, "figures.action."+f.Action)
	}
	err = errors.Join(err, add("figures.organisation", f.Name), add("figures.procedure", procedure), add("figures.act", action))
	return out, err
}
