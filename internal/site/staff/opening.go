package staff

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mandat/internal/db"
	"mandat/internal/opening"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Opening is the page on which somebody says when an organisation is open: Show and Do are its routes.
type Opening struct {
	Acts
	Pages     *page.Pages
	Directory *org.Directory
	// Page begins the page for a request: whose organisation it is about, and where its form and its links lead.
	Page func(*http.Request) (*session.Session, *OpeningPage, error)
}

// OpeningPage is referent/opening.html.
type OpeningPage struct {
	page.Common
	Organisation org.Organisation
	Action, Back string
	Zone         string // whose clock counts, in words
	Days         []OpeningDay
}

// OpeningDay is a day of the week in the form: its name, and its number in the names of fields, 1 is Monday.
type OpeningDay struct {
	Name   string
	Number int
}

// Show shows the form, filled in with what was said last.
func (o Opening) Show(w http.ResponseWriter, r *http.Request) error {
	at, p, err := o.Page(r)
	if err != nil {
		return err
	}
	said, err := o.Directory.Hours(r.Context(), p.Organisation.ID)
	if err != nil {
		return err
	}
	values := url.Values{"version": {"0"}}
	if len(said) > 0 {
		values.Set("version", strconv.Itoa(said[0].Number))
		fillHours(values, said[0].Week)
	}
	return o.Begin(w, r, at, p.Action, values, func(form *page.Form, status int) error { return o.render(w, r, p, form, status) })
}

// Do has the hours said that the form gives, and leads back.
func (o Opening) Do(w http.ResponseWriter, r *http.Request) error {
	at, p, err := o.Page(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(form.Text("version", 9))
	if err != nil {
		seen = -1 // what nobody has seen
	}
	week := hoursOf(form)
	if form.Failed() {
		return o.render(w, r, p, form, http.StatusUnprocessableEntity)
	}
	switch err := o.Directory.ChangeHours(r.Context(), at.Actor(), p.Organisation.ID, seen, week); {
	case errors.Is(err, org.ErrFactorTooOld):
		return o.Later(w, r, p.Action, form)
	case errors.Is(err, org.ErrHours):
		form.Fail("opens1", "referent.opening.wrong.same")
		return o.render(w, r, p, form, http.StatusUnprocessableEntity)
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "referent.problem.opening", p.Action)
	case err != nil:
		return o.Refusal(err)
	}
	return o.Finish(w, r, at, p.Back, "referent.opening.changed")
}

func (o Opening) render(w http.ResponseWriter, r *http.Request, p *OpeningPage, form *page.Form, status int) error {
	p.Title, p.Form, p.Days, p.Zone = "referent.opening.title", form, OpeningDays(page.Lang(r)), opening.ZoneWords(page.Lang(r), p.Organisation.Department())
	return o.Pages.Render(w, r, status, "referent/opening.html", p)
}

// OpeningDays are the days of the form, from Monday.
func OpeningDays(lang string) []OpeningDay {
	out := make([]OpeningDay, 7)
	for i := range out {
		name := opening.DayName(lang, i)
		out[i] = OpeningDay{strings.ToUpper(name[:1]) + name[1:], i + 1} // no name begins with an accent
	}
	return out
}

// fillHours fills the form in with a week; nil is none.
func fillHours(values url.Values, week *opening.Week) {
	if week == nil {
		return
	}
	for i, s := range week.Days {
		if s.Shut() {
			continue
		}
		n := strconv.Itoa(i + 1)
		values.Set("opens"+n, hourText(s.Opens))
		values.Set("closes"+n, hourText(s.Closes%opening.Minutes))
		if s.Closes >= opening.Minutes {
			values.Set("next"+n, "on")
		}
	}
	if week.Holidays {
		values.Set("holidays", "on")
	}
}

func hourText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// hoursOf reads the form, and notes what is wrong with it. A day without hours is closed; nil is a form without any.
func hoursOf(form *page.Form) *opening.Week {
	week := opening.Week{Holidays: form.Ticked("holidays")}
	some := false
	for i := range week.Days {
		n := strconv.Itoa(i + 1)
		week.Days[i] = spanOf(form, n)
		some = some || !week.Days[i].Shut()
	}
	if !some {
		return nil
	}
	return &week
}

// spanOf reads a day of the form. Where it closes at or before the hour at which it opens, somebody has to say that this is on the next day: else it is taken for a slip.
func spanOf(form *page.Form, n string) opening.Span {
	opens, wrongOpens := minuteOf(form, "opens"+n)
	closes, wrongCloses := minuteOf(form, "closes"+n)
	switch {
	case wrongOpens || wrongCloses:
		return opening.Span{}
	case opens < 0 && closes < 0:
		if form.Ticked("next" + n) {
			form.Fail("opens"+n, "referent.opening.wrong.both")
		}
		return opening.Span{}
	case opens < 0:
		form.Fail("opens"+n, "referent.opening.wrong.both")
		return opening.Span{}
	case closes < 0:
		form.Fail("closes"+n, "referent.opening.wrong.both")
		return opening.Span{}
	case form.Ticked("next" + n):
		closes += opening.Minutes
	}
	switch {
	case closes <= opens:
		form.Fail("closes"+n, "referent.opening.wrong.order")
	case closes > opens+opening.Minutes:
		form.Fail("closes"+n, "referent.opening.wrong.long")
	}
	return opening.Span{Opens: opens, Closes: closes}
}

var hour = regexp.MustCompile(`^([01]?[0-9]|2[0-3]) ?[:hH] ?([0-5][0-9])$`)

// minuteOf reads an hour of the form, in minutes after midnight: -1 for none.
func minuteOf(form *page.Form, name string) (minute int, wrong bool) {
	text := form.Text(name, 10)
	if text == "" {
		return -1, false
	}
	m := hour.FindStringSubmatch(text)
	if m == nil {
		form.Fail(name, "referent.opening.wrong.time")
		return -1, true
	}
	h, _ := strconv.Atoi(m[1])
	minute, _ = strconv.Atoi(m[2])
	return 60*h + minute, false
}

// Hours is what an organisation said of its hours, as pages show it.
type Hours struct {
	Words string    // "" when it has none of its own
	From  time.Time // when they are not in force yet; else zero
}

// HoursOf puts the hours that were said last into words, for today.
func HoursOf(lang string, o org.Organisation, said []opening.Version, now time.Time) Hours {
	if len(said) == 0 {
		return Hours{}
	}
	out := Hours{}
	if said[0].Week != nil {
		out.Words = said[0].Week.Words(lang) + " (" + opening.ZoneWords(lang, o.Department()) + ")"
	}
	if said[0].From.After(opening.Day(now.In(opening.Zone(o.Department())))) {
		out.From = said[0].From.Add(12 * time.Hour) // the same day in Paris
	}
	return out
}
