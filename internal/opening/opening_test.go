package opening_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/opening"
)

const (
	office  = "08:00-18:00 08:00-18:00 08:00-18:00 08:00-18:00 08:00-17:30 - - -"
	shelter = "20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 00:00-24:00 ="
)

func week(t testing.TB, text string) opening.Week {
	t.Helper()
	w, err := opening.Parse(text)
	if err != nil || w.String() != text {
		t.Fatalf("%q: %q, %v", text, w.String(), err)
	}
	return w
}

// What is written is read again, and what nobody would write is refused.
func TestParse(t *testing.T) {
	t.Parallel()
	week(t, office)
	week(t, shelter)
	week(t, "00:00-24:00 - - - - - 23:59-47:59 -")
	for what, text := range map[string]string{
		"nothing":             "",
		"six days":            "- - - - - 08:00-18:00 -",
		"eight days":          "- - - - - - - 08:00-18:00 -",
		"no day at all":       "- - - - - - - =",
		"holidays":            "08:00-18:00 - - - - - - +",
		"sixty minutes":       "08:60-18:00 - - - - - - -",
		"opens tomorrow":      "24:00-25:00 - - - - - - -",
		"closes before":       "18:00-08:00 - - - - - - -",
		"opens as it closes":  "08:00-08:00 - - - - - - -",
		"at midnight":         "00:00-00:00 08:00-18:00 - - - - - -",
		"longer than a day":   "08:00-32:01 - - - - - - -",
		"one digit":           "8:00-18:00 - - - - - - -",
		"two blanks":          "08:00-18:00  - - - - - -",
		"hours of no such":    "08:00-99:00 - - - - - - -",
		"something after it":  office + " ",
		"something within it": "08:00-18:00x - - - - - - -",
	} {
		if w, err := opening.Parse(text); err == nil {
			t.Errorf("%s: %v", what, w)
		}
	}
}

func at(text string) time.Time {
	x, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return x
}

// Hours hold from their first minute to the one before the last; those of a night hold on the day after; and a holiday shuts what does not say otherwise, with its night.
func TestOpen(t *testing.T) {
	t.Parallel()
	usual, night := week(t, office), week(t, shelter)
	early := week(t, "- 20:00-26:00 - - - - - -")
	own := func(w opening.Week, department string) opening.Schedule {
		return opening.Schedule{Department: department, Versions: []opening.Version{{Number: 1, From: day("2026-01-01"), Week: &w}}}
	}
	for _, x := range []struct {
		what     string
		schedule opening.Schedule
		at       string // Monday is the 16th of November, Wednesday the 11th a holiday
		want     bool
	}{
		{"before it opens", opening.Schedule{}, "2026-11-16 07:59", false},
		{"as it opens", opening.Schedule{}, "2026-11-16 08:00", true},
		{"the last minute", opening.Schedule{}, "2026-11-20 17:29", true},
		{"as it closes", opening.Schedule{}, "2026-11-20 17:30", false},
		{"another day closes later", opening.Schedule{}, "2026-11-19 17:30", true},
		{"on a Saturday", opening.Schedule{}, "2026-11-21 10:00", false},
		{"on a Sunday", opening.Schedule{}, "2026-11-22 10:00", false},
		{"on a holiday", opening.Schedule{}, "2026-11-11 10:00", false},
		{"on another place's holiday", opening.Schedule{}, "2026-12-22 10:00", true},
		{"a shelter by night", own(night, ""), "2026-11-17 23:40", true},
		{"after midnight", own(night, ""), "2026-11-18 07:59", true},
		{"in the morning", own(night, ""), "2026-11-18 08:00", false},
		{"at noon", own(night, ""), "2026-11-18 12:00", false},
		{"on Sunday at noon", own(night, ""), "2026-11-22 12:00", true},
		{"on Monday, after a Sunday that ends", own(night, ""), "2026-11-23 00:00", false},
		{"on a holiday, as it is open", own(night, ""), "2026-11-11 22:00", true},
		{"a night that ends early", own(early, ""), "2026-11-18 01:59", true},
		{"and is over", own(early, ""), "2026-11-18 02:00", false},
		{"a night before a holiday", own(early, ""), "2026-11-11 01:00", true},
		{"a night that began on a holiday", own(early, ""), "2026-07-15 01:00", false},
		{"on La Réunion's holiday", own(usual, "974"), "2022-12-20 10:00", false},
	} {
		if got := x.schedule.Around(opening.Day(at(x.at)), usual).Open(at(x.at)); got != x.want {
			t.Errorf("%s: %t", x.what, got)
		}
	}
}

// Each day has the hours that were said for it last: none before the first, the usual ones again when a place says so.
func TestOn(t *testing.T) {
	t.Parallel()
	usual, night := week(t, office), week(t, shelter)
	other := week(t, "08:00-12:00 - - - - - - -")
	s := opening.Schedule{Versions: []opening.Version{{1, day("2026-03-02"), &other}, {2, day("2026-03-02"), &night}, {3, day("2026-03-09"), nil}, {4, day("2026-03-16"), &other}}}
	for _, x := range []struct {
		day    string
		week   opening.Week
		number int
	}{
		{"2026-03-01", usual, 0}, {"2026-03-02", night, 2}, {"2026-03-08", night, 2}, {"2026-03-09", usual, 0}, {"2026-03-15", usual, 0}, {"2026-03-16", other, 4}, {"2030-01-01", other, 4},
	} {
		if w, n := s.On(day(x.day), usual); w != x.week || n != x.number {
			t.Errorf("%s: %s, %d", x.day, w, n)
		}
	}
}

// Nine o'clock in La Réunion is six in Paris in winter; codes without a clock of their own have that of Paris.
func TestZone(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.January, 15, 12, 0, 0, 0, time.UTC)
	for department, want := range map[string]string{
		"": "13:00", "75": "13:00", "2A": "13:00", "67": "13:00", "971": "08:00", "972": "08:00", "973": "09:00", "974": "16:00", "975": "09:00", "976": "15:00", "977": "08:00", "978": "08:00",
		"984": "17:00", "986": "00:00", "987": "02:00", "988": "23:00", "989": "13:00",
	} {
		if got := noon.In(opening.Zone(department)).Format("15:04"); got != want {
			t.Errorf("%q: %s, want %s", department, got, want)
		}
		if apart := want != "13:00" || department == "67"; opening.Apart(department) != apart {
			t.Errorf("%q apart: %t", department, !apart)
		}
	}
	if fr, en := opening.ZoneWords("fr", "974"), opening.ZoneWords("en", "974"); fr != "heure de La Réunion" || en != "Réunion time" {
		t.Error(fr, en)
	}
	if fr, en := opening.ZoneWords("fr", "67"), opening.ZoneWords("en", ""); fr != "heure de Paris" || en != "Paris time" {
		t.Error(fr, en)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ week, lang, want string }{
		{office, "fr", "lundi au jeudi : 8 h 00 – 18 h 00 ; vendredi : 8 h 00 – 17 h 30 ; samedi et dimanche : fermé ; jours fériés : fermé"},
		{office, "en", "Monday to Thursday: 08:00–18:00; Friday: 08:00–17:30; Saturday and Sunday: closed; public holidays: closed"},
		{shelter, "fr", "lundi au samedi : 20 h 00 – 8 h 00 le lendemain ; dimanche : 0 h 00 – 24 h 00 ; jours fériés : comme les autres jours"},
		{shelter, "en", "Monday to Saturday: 20:00–08:00 the next day; Sunday: 00:00–24:00; public holidays: as on other days"},
	} {
		if got := plain.Replace(week(t, x.week).Words(x.lang)); got != x.want {
			t.Errorf("%s", got)
		}
	}
	if fr, en := opening.DayName("fr", 0), opening.DayName("en", 6); fr != "lundi" || en != "Sunday" {
		t.Error(fr, en)
	}
}

// plain makes spaces that hold words together plain ones.
var plain = strings.NewReplacer("\u00a0", " ", "\u202f", " ")
