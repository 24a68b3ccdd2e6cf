package figures

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/page"
	"mandat/internal/statistics"
)

// fields are those of the form, in their order on the page. Those of the search of the journal that ask the same are called the same.
var fields = []string{"structure", "demarche", "acte", "du", "au", "pas"}

// questionOf reads the form. What is wrong with it stands in the form.
func questionOf(f *page.Form) statistics.Question {
	q := statistics.Question{Procedure: f.Text("demarche", 100), From: dayOf(f, "du"), To: dayOf(f, "au"), By: f.Choice("pas", statistics.ByDay, statistics.ByWeek, statistics.ByMonth)}
	if text := f.Text("structure", 60); text != "" {
		var err error
		if q.Organisation, err = uuid.Parse(strings.Join(strings.Fields(text), "")); err != nil {
			f.Fail("structure", "auditor.list.not_an_id")
		}
	}
	if q.Action = f.Text("acte", 60); q.Action != "" && !slices.Contains(statistics.Actions(), q.Action) {
		f.Fail("acte", "figures.wrong.action")
	}
	slices.SortFunc(f.Mistakes(), func(a, b page.Mistake) int { return slices.Index(fields, a.Field) - slices.Index(fields, b.Field) })
	return q
}

func dayOf(f *page.Form, name string) time.Time {
	text := f.Text(name, 20)
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 2000 || day.Year() > 2200 {
		f.Fail(name, "auditor.list.not_a_day")
		return time.Time{}
	}
	return day
}

// query is the address of a question, without what it does not name.
func query(q statistics.Question) url.Values {
	out := url.Values{}
	for _, x := range entered(q, false) {
		out.Set(x[0], x[1])
	}
	return out
}

// entered are the fields of a question that are filled in. A referent's organisation is none.
func entered(q statistics.Question, own bool) [][2]string {
	var out [][2]string
	organisation := ""
	if q.Organisation != uuid.Nil && !own {
		organisation = q.Organisation.String()
	}
	for i, value := range []string{organisation, q.Procedure, q.Action, q.From.Format(time.DateOnly), q.To.Format(time.DateOnly), q.By} {
		if value != "" {
			out = append(out, [2]string{fields[i], value})
		}
	}
	return out
}
