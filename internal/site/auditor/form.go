package auditor

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/statistics"
)

// fields are those of the search form, in their order on the page.
var fields = []string{"acte", "structure", "personne", "usager", "mandat", "demarche", "service", "du", "du_heure", "au", "au_heure"}

// filterOf reads the form. What is wrong with it stands in the form. Unless an action is chosen, what auditors read is left out: it would fill the pages that it is about.
func filterOf(f *page.Form) search.Filter {
	var filter search.Filter
	for _, a := range journal.Actions() {
		if noun, _, _ := strings.Cut(a.Name, "."); f.Has("acte", a.Name) || f.Has("acte", noun) {
			filter.Actions = append(filter.Actions, a.Name)
		}
	}
	if f.Has("acte", "comptes") { // what figures count
		filter.Actions = statistics.Actions()
	}
	if len(filter.Actions) == 0 {
		filter.Except = search.Readings()
	}
	for name, to := range map[string]*uuid.UUID{"structure": &filter.Organisation, "personne": &filter.Person, "usager": &filter.Citizen, "mandat": &filter.Mandate} {
		*to = idOf(f, name)
	}
	slices.SortFunc(f.Mistakes(), func(a, b page.Mistake) int { return slices.Index(fields, a.Field) - slices.Index(fields, b.Field) })
	filter.Procedure, filter.Service = f.Text("demarche", 100), f.Text("service", 100)
	filter.From, filter.To = timeOf(f, "du", false), timeOf(f, "au", true)
	if before, err := strconv.ParseInt(f.Value("avant"), 10, 64); err == nil && before > 0 {
		filter.Before = before
	}
	return filter
}

// idOf reads an id, however its groups of digits are set apart.
func idOf(f *page.Form, name string) uuid.UUID {
	text := f.Text(name, 60)
	if text == "" {
		return uuid.Nil
	}
	id, err := uuid.Parse(strings.Join(strings.Fields(text), ""))
	if err != nil && f.Mistake(name) == "" {
		f.Fail(name, "auditor.list.not_an_id")
	}
	return id
}

// timeOf reads a day and, if it has one, an hour of it, as in Paris. A last day without an hour is meant whole.
func timeOf(f *page.Form, name string, last bool) time.Time {
	day, hour := f.Text(name, 20), f.Text(name+"_heure", 5)
	if day == "" {
		if hour != "" {
			f.Fail(name, "auditor.list.no_day")
		}
		return time.Time{}
	}
	at, err := time.ParseInLocation(time.DateOnly, day, prose.Paris)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		f.Fail(name, "auditor.list.not_a_day")
		return time.Time{}
	}
	switch {
	case hour != "":
		of, err := time.ParseInLocation(time.DateOnly+" 15:04", day+" "+hour, prose.Paris)
		if err != nil {
			f.Fail(name+"_heure", "auditor.list.not_an_hour")
		}
		return of
	case last:
		return at.AddDate(0, 0, 1)
	}
	return at
}

// address is that of the page after this one, with the same question.
func address(path string, f *page.Form, before int64) string {
	q := url.Values{"avant": {strconv.FormatInt(before, 10)}}
	for _, name := range fields {
		if v := f.Value(name); v != "" {
			q.Set(name, v)
		}
	}
	return path + "?" + q.Encode()
}
