package figures

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/statistics"
)

// line is a figure in a table.
type line struct {
	Text, ID string
	Acts     int64
	Only     string // address of the same figures of this alone; ""
	Entries  string // address of the entries that were counted; ""
	Share    int64  // of the largest line, in hundredths
}

// share says how long the bars of lines are.
func share(lines []line) {
	most := int64(1)
	for _, l := range lines {
		most = max(most, l.Acts)
	}
	for i := range lines {
		lines[i].Share = lines[i].Acts * 100 / most
	}
}

// lister puts figures into a language.
type lister struct {
	*Site
	lang   string
	search *statistics.Question // of whom may look at the entries; nil
}

func (s *Site) lister(lang string) lister { return lister{Site: s, lang: lang} }

// counted stands, in the search of the journal, for all actions that are counted.
const counted = "comptes"

// entries is the address of the entries behind a figure, as the question that change makes of the one that was asked.
func (l lister) entries(change func(*statistics.Question)) string {
	if l.search == nil {
		return ""
	}
	q := *l.search
	change(&q)
	out := query(q)
	out.Del("pas")
	if q.Action == "" {
		out.Set("acte", counted)
	}
	return (&url.URL{Path: "/audit/journal", RawQuery: out.Encode()}).String()
}

func (l lister) periods(f statistics.Figures) ([]line, error) {
	out := make([]line, len(f.Periods))
	for i, p := range f.Periods {
		text := prose.Day(l.lang, p.From.Year(), p.From.Month(), p.From.Day())
		if p.From != p.To {
			var err error
			if text, err = l.Pages.Text(l.lang, "figures.between", "From", text, "To", prose.Day(l.lang, p.To.Year(), p.To.Month(), p.To.Day())); err != nil {
				return nil, err
			}
		}
		if f.By == statistics.ByMonth && p.From.Day() == 1 && p.To.AddDate(0, 0, 1).Day() == 1 {
			text = month(l.lang, p.From)
		}
		out[i] = line{Text: text, ID: p.From.Format(time.DateOnly), Acts: p.Acts, Entries: l.entries(func(q *statistics.Question) { q.From, q.To = p.From, p.To })}
	}
	return out, nil
}

// month is "novembre 2026": a day without its day.
func month(lang string, day time.Time) string {
	_, text, _ := strings.Cut(prose.Day(lang, day.Year(), day.Month(), 2), "2 ")
	return text
}

func (l lister) actions(f statistics.Figures) ([]line, error) {
	out := make([]line, len(f.Actions))
	for i, s := range f.Actions {
		text, err := l.Pages.Text(l.lang, "figures.action."+s.Key)
		if err != nil {
			return nil, err
		}
		out[i] = line{Text: text, ID: s.Key, Acts: s.Acts, Entries: l.entries(func(q *statistics.Question) { q.Action = s.Key })}
	}
	return out, nil
}

// organisations are named; the rest of them together is the line without a text.
func (l lister) organisations(f statistics.Figures) []line {
	out := make([]line, len(f.Organisations))
	for i, s := range f.Organisations {
		out[i] = line{Text: s.Name, ID: s.Key, Acts: s.Acts}
		if id, err := uuid.Parse(s.Key); err == nil {
			out[i].Entries = l.entries(func(q *statistics.Question) { q.Organisation = id })
		}
	}
	return out
}

func (l lister) procedures(f statistics.Figures) []line {
	out := make([]line, len(f.Procedures))
	for i, s := range f.Procedures {
		out[i] = line{Text: s.Key, ID: s.Key, Acts: s.Acts, Entries: l.entries(func(q *statistics.Question) { q.Procedure = s.Key })}
		if p, ok := procedure.Find(s.Key); ok {
			out[i].Text = p.Name.In(l.lang)
		}
	}
	return out
}

// short is what stands below a column.
func short(lang, by string, p statistics.Period) string {
	switch {
	case by == statistics.ByMonth:
		return p.From.Format("01/06")
	case lang == "en":
		return fmt.Sprintf("%d %s", p.From.Day(), p.From.Format("Jan"))
	}
	return p.From.Format("02/01")
}
