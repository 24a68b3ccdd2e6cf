package page

import (
	"fmt"
	"time"
	_ "time/tzdata" // so that Europe/Paris exists on bare machines too
)

var paris = mustLocation("Europe/Paris")

func mustLocation(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zones are compiled in
	}
	return l
}

var (
	frenchDays   = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// Date writes a day of Europe/Paris in words: "lundi 23 novembre 2026", "Monday 23 November 2026".
func Date(lang string, t time.Time) string {
	t = t.In(paris)
	if lang == "en" {
		return t.Format("Monday 2 January 2006")
	}
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %s %d", frenchDays[t.Weekday()], day, frenchMonths[t.Month()-1], t.Year())
}

// DateTime writes an instant in Europe/Paris: "lundi 23 novembre 2026 à 23 h 59", "Monday 23 November 2026 at 23:59".
func DateTime(lang string, t time.Time) string {
	if lang == "en" {
		return Date(lang, t) + " at " + Clock(lang, t)
	}
	return Date(lang, t) + " à " + Clock(lang, t)
}

// Clock writes the time of day in Europe/Paris: "23 h 59", "23:59".
func Clock(lang string, t time.Time) string {
	if lang == "en" {
		return t.In(paris).Format("15:04")
	}
	return t.In(paris).Format("15\u00a0h\u00a004")
}
