package aidant

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/session"
)

// asked is what the address of a list asks for.
type asked struct {
	filter caseload.Filter
	sealed string // the filter's words, as they stand in the address
	lost   bool   // they were sealed in another session: nobody is looked for

	procedures, person, until string // the filters, as they stand in the address
}

// The names of the parameters of a list's address. addressed are those that the language links keep.
const (
	tabParam       = "onglet"
	procedureParam = "demarche"
	personParam    = "suivi"
	untilParam     = "fin"
	wordsParam     = "r"
	pageParam      = "page"

	mine       = "moi"
	themeStart = "theme:"
)

var addressed = []string{tabParam, procedureParam, personParam, untilParam, wordsParam, pageParam}

// askedOf reads an address. One that no link of ours has is refused.
func (s *Site) askedOf(at *session.Session, q url.Values) (asked, error) {
	a := asked{sealed: q.Get(wordsParam)}
	ok := s.filters(&a, at, q)
	a.filter.Tab = q.Get(tabParam)
	if a.filter.Tab != "" && !slices.Contains(caseload.Tabs, a.filter.Tab) {
		ok = false
	}
	if n := q.Get(pageParam); n != "" {
		number, err := strconv.Atoi(n)
		ok = ok && err == nil && number > 0
		a.filter.Page = number
	}
	if !ok {
		return a, page.NewProblem(http.StatusBadRequest, "aidant.problem.bad_list", "/mandats")
	}
	if a.sealed != "" {
		if a.filter.Words, ok = s.Mandates.OpenWords(at.Actor(), a.sealed); !ok {
			a.sealed, a.lost, a.filter.Page = "", true, 0
		}
	}
	return a, nil
}

// filters reads the filters of an address or a form, and reports whether they are all some that can be chosen.
func (s *Site) filters(a *asked, at *session.Session, q url.Values) bool {
	ok := true
	if a.procedures = q.Get(procedureParam); a.procedures != "" {
		a.filter.Procedures = s.keysOf(a.procedures)
		ok = a.filter.Procedures != nil
	}
	if a.person = q.Get(personParam); a.person == mine {
		a.filter.Person = at.Person
	} else if a.person != "" {
		id, err := uuid.Parse(a.person)
		ok, a.filter.Person = ok && err == nil && id != uuid.Nil, id
	}
	if a.until = q.Get(untilParam); a.until != "" {
		day, known := dayOf(a.until)
		a.until, a.filter.EndsBefore = day.Format(time.DateOnly), day.AddDate(0, 0, 1)
		ok = ok && known
	}
	return ok
}

// keysOf are the procedures of a choice: one, or all of a theme; nil for what is not in the catalogue.
func (s *Site) keysOf(choice string) []string {
	if key, ok := strings.CutPrefix(choice, themeStart); ok {
		theme, _ := s.Catalogue.Theme(key)
		var keys []string
		for _, p := range theme.Procedures {
			keys = append(keys, p.Key)
		}
		return keys
	}
	if _, ok := s.Catalogue.Find(choice); ok {
		return []string{choice}
	}
	return nil
}

// dayOf reads a day as browsers send it, or as it is typed where they know no dates, and returns its beginning in Paris.
func dayOf(text string) (time.Time, bool) {
	day, ok := prose.ReadDay(text)
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, prose.Paris), ok
}

// maxWords is how many letters may be typed.
const maxWords = 100

// typed reads the form of a search, and notes in it what has to be entered again.
func (s *Site) typed(at *session.Session, form *page.Form) asked {
	var a asked
	a.filter.Words = form.Text("recherche", maxWords)
	if sought := citizen.Seek(a.filter.Words); a.filter.Words != "" && sought.Letters() < caseload.MinLetters && !sought.Dated() {
		form.Fail("recherche", "list.too_short")
	}
	if text := form.Value(untilParam); text != "" {
		if _, ok := dayOf(text); !ok {
			form.Fail(untilParam, "list.wrong_day")
		}
	}
	// Other choices cannot be made in a form of ours: what is not among them filters by nothing.
	q := url.Values{procedureParam: {form.Value(procedureParam)}, personParam: {form.Value(personParam)}, untilParam: {form.Value(untilParam)}}
	s.filters(&a, at, q)
	a.filter.Tab = form.Choice(tabParam, caseload.Tabs...)
	return a
}

func (a asked) tab() string {
	if a.filter.Tab == "" {
		return caseload.TabCurrent
	}
	return a.filter.Tab
}

// query is the address of what is asked for, from "?"; "" for the list as it opens.
func (a asked) query() string {
	q := url.Values{}
	for name, value := range map[string]string{procedureParam: a.procedures, personParam: a.person, untilParam: a.until, wordsParam: a.sealed} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if tab := a.tab(); tab != caseload.TabCurrent {
		q.Set(tabParam, tab)
	}
	if a.filter.Page > 1 {
		q.Set(pageParam, strconv.Itoa(a.filter.Page))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// at is the address of another page.
func (a asked) at(number int) string {
	a.filter.Page = number
	return a.query()
}

// in is the address of another tab.
func (a asked) in(tab string) string {
	a.filter.Tab, a.filter.Page = tab, 0
	return a.query()
}

// values are what the form of the search shows.
func (a asked) values() url.Values {
	return url.Values{"recherche": {a.filter.Words}, procedureParam: {a.procedures}, personParam: {a.person}, untilParam: {a.until}}
}

// choices are what can be filtered by.
type choices struct {
	Themes []themeOption
	People []caseload.Colleague
}

type themeOption struct {
	Value, Name string
	Procedures  []procedureOption
}

type procedureOption struct{ Value, Name string }

func (s *Site) choices(r *http.Request, at *session.Session) (choices, error) {
	var c choices
	lang := page.Lang(r)
	for _, t := range s.Catalogue.Themes() {
		theme := themeOption{Value: themeStart + t.Key, Name: t.Name.In(lang)}
		for _, p := range t.Procedures {
			theme.Procedures = append(theme.Procedures, procedureOption{p.Key, p.Name.In(lang)})
		}
		c.Themes = append(c.Themes, theme)
	}
	people, err := s.Caseload.Colleagues(r.Context(), at.Actor())
	for _, p := range people {
		if p.ID != at.Person {
			c.People = append(c.People, p)
		}
	}
	return c, err
}
