// Package prose writes what people read the same way on pages, on attestations and wherever else: days and hours in the
// legal time of mandates, the spaces of French punctuation, telephone numbers that stay on one line. A language is its
// ISO 639-1 code; what is not "en" is written in French, but for days and hours, which know the languages of translations too.
package prose

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a server without a zone database must not change when a mandate ends
)

// Paris is the legal time of mandates and ages.
var Paris = mustParis()

func mustParis() *time.Location {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // the zone database is compiled in
	}
	return paris
}

var (
	frenchDays   = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// Day writes a day of the calendar: "1er août 2026", "1 August 2026". A day that is not known is 0: "août 2026", "08/2026" in a translation.
func Day(lang string, year int, month time.Month, day int) string {
	if c, ok := calendars[lang]; ok {
		return c.dayIn(year, month, day)
	}
	name := frenchMonths[month-1]
	if lang == "en" {
		name = month.String()
	}
	switch {
	case day == 0:
		return fmt.Sprintf("%s %d", name, year)
	case day == 1 && lang != "en":
		return fmt.Sprintf("1er %s %d", name, year)
	}
	return fmt.Sprintf("%d %s %d", day, name, year)
}

// Date writes the day of an instant in Paris: "lundi 23 novembre 2026", "Monday 23 November 2026".
func Date(lang string, t time.Time) string {
	if c, ok := calendars[lang]; ok {
		return c.dateIn(t)
	}
	t = t.In(Paris)
	week := frenchDays[t.Weekday()]
	if lang == "en" {
		week = t.Weekday().String()
	}
	year, month, day := t.Date()
	return week + " " + Day(lang, year, month, day)
}

// DateTime writes an instant in Paris: "lundi 23 novembre 2026 à 9 h 05", "Monday 23 November 2026 at 09:05".
func DateTime(lang string, t time.Time) string {
	if c, ok := calendars[lang]; ok {
		return c.at(c.dateIn(t), t)
	}
	return Date(lang, t) + at(lang) + Clock(lang, t)
}

// ShortTime is DateTime without the day of the week.
func ShortTime(lang string, t time.Time) string {
	year, month, day := t.In(Paris).Date()
	if c, ok := calendars[lang]; ok {
		return c.at(c.dayIn(year, month, day), t)
	}
	return Day(lang, year, month, day) + at(lang) + Clock(lang, t)
}

func at(lang string) string {
	if lang == "en" {
		return " at "
	}
	return " à "
}

// Clock writes the time of day in Paris: "9 h 05", "09:05".
func Clock(lang string, t time.Time) string { return ClockIn(lang, t, Paris) }

// ClockIn is Clock by the time of another place.
func ClockIn(lang string, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if lang == "en" || Translated(lang) {
		return t.Format("15:04")
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", t.Hour(), t.Minute())
}

// frenchSpaces keep punctuation on the line of its word: a full space before a colon and inside guillemets, a narrow one
// before the high signs.
var frenchSpaces = strings.NewReplacer(" :", "\u00a0:", " ;", "\u202f;", " ?", "\u202f?", " !", "\u202f!", "« ", "«\u00a0", " »", "\u00a0»", " %", "\u00a0%")

// Spaces gives a text the spaces of its language. Doing so twice changes nothing.
func Spaces(lang, text string) string {
	if lang == "en" || Translated(lang) {
		return text
	}
	return frenchSpaces.Replace(text)
}

var together = strings.NewReplacer(" ", "\u00a0")

// Together keeps a text on one line, a telephone number for instance.
func Together(text string) string { return together.Replace(text) }
