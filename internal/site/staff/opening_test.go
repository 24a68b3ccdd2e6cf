package staff

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/opening"
	"mandat/internal/org"
	"mandat/internal/page"
)

// What people write of hours, and which field of it is wrong, and why. The hours of a night are told from two that were exchanged by what was ticked.
func TestHoursOf(t *testing.T) {
	t.Parallel()
	for what, x := range map[string]struct {
		fields string
		week   string // "" is none
		wrong  string
	}{
		"nothing":                     {"", "", ""},
		"nothing but holidays":        {"holidays=on", "", ""},
		"a day":                       {"opens1=08:00&closes1=18:00", "08:00-18:00 - - - - - - -", ""},
		"as people write it":          {"opens7= 8h30 &closes7=18 H 05&holidays=on", "- - - - - - 08:30-18:05 =", ""},
		"a night":                     {"opens5=20:00&closes5=08:00&next5=on", "- - - - 20:00-32:00 - - -", ""},
		"until midnight":              {"opens5=20:00&closes5=00:00&next5=on", "- - - - 20:00-24:00 - - -", ""},
		"day and night":               {"opens5=08:00&closes5=08:00&next5=on", "- - - - 08:00-32:00 - - -", ""},
		"closes before it opens":      {"opens5=20:00&closes5=08:00", "", "closes5 order"},
		"closes as it opens":          {"opens5=08:00&closes5=08:00", "", "closes5 order"},
		"longer than a day":           {"opens5=08:00&closes5=08:01&next5=on", "", "closes5 long"},
		"never closes":                {"opens2=08:00", "", "closes2 both"},
		"never opens":                 {"closes2=18:00", "", "opens2 both"},
		"only ticked":                 {"next2=on", "", "opens2 both"},
		"no such hour":                {"opens3=24:00&closes3=24:00&next3=on", "", "opens3 time closes3 time"},
		"no such minute":              {"opens3=08:60&closes3=18:00", "", "opens3 time"},
		"words":                       {"opens3=08:00&closes3=midi", "", "closes3 time"},
		"one wrong day among others":  {"opens1=08:00&closes1=18:00&opens2=18:00&closes2=08:00", "", "closes2 order"},
		"what looks like a number":    {"opens3=0800&closes3=1800", "", "opens3 time closes3 time"},
		"negative":                    {"opens3=-8:00&closes3=18:00", "", "opens3 time"},
		"another day's field is none": {"opens8=08:00&closes8=18:00", "", ""},
	} {
		values, err := url.ParseQuery(x.fields)
		if err != nil {
			t.Fatal(err)
		}
		form := page.FilledForm(values)
		week := hoursOf(form)
		var wrong []string
		for _, m := range form.Mistakes() {
			wrong = append(wrong, m.Field, strings.TrimPrefix(m.Text, "referent.opening.wrong."))
		}
		if got := strings.Join(wrong, " "); got != x.wrong {
			t.Errorf("%s: %q is wrong, want %q", what, got, x.wrong)
		}
		got := ""
		if week != nil {
			got = week.String()
		}
		if x.wrong == "" && got != x.week {
			t.Errorf("%s: %q, want %q", what, got, x.week)
		}
		if again := (url.Values{}); x.wrong == "" && week != nil {
			fillHours(again, week)
			if read := hoursOf(page.FilledForm(again)); read == nil || *read != *week {
				t.Errorf("%s: filled in and read again it is %v", what, read)
			}
		}
	}
}

// Hours that come tomorrow say so, tomorrow by the clock of the place.
func TestHoursOf_Words(t *testing.T) {
	t.Parallel()
	week, err := opening.Parse("08:00-18:00 - - - - - - -")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)
	said := []opening.Version{{Number: 2, From: from, Week: &week}, {Number: 1, From: from}}
	reunion := org.Organisation{Postcode: "97400"}
	before, after := time.Date(2026, time.November, 23, 19, 59, 0, 0, time.UTC), time.Date(2026, time.November, 23, 20, 0, 0, 0, time.UTC)
	if h := HoursOf("en", reunion, said, before); h.Words != "Monday: 08:00–18:00; Tuesday to Sunday: closed; public holidays: closed (Réunion time)" || h.From.Day() != 24 {
		t.Errorf("%+v", h)
	}
	if h := HoursOf("en", reunion, said, after); !h.From.IsZero() {
		t.Errorf("%+v", h)
	}
	if h := HoursOf("en", reunion, said[1:], before); h.Words != "" || h.From.IsZero() {
		t.Errorf("%+v", h)
	}
	if h := HoursOf("en", reunion, nil, before); h != (Hours{}) {
		t.Errorf("%+v", h)
	}
	if days := OpeningDays("fr"); days[0] != (OpeningDay{"Lundi", 1}) || days[6] != (OpeningDay{"Dimanche", 7}) {
		t.Errorf("%+v", days)
	}
}
