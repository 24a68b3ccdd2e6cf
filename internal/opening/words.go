package opening

import (
	"strings"
	"time"

	"mandat/internal/prose"
)

// tongue is how a language says hours.
type tongue struct {
	days                       [7]string // from Monday
	to, and                    string
	colon, between, next       string
	shut, holidays, likeOthers string
	separator                  string
}

var tongues = map[string]tongue{
	"fr": {[7]string{"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"}, " au ", " et ", " : ", " – ", " le lendemain", "fermé", "jours fériés", "comme les autres jours", " ; "},
	"en": {[7]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}, " to ", " and ", ": ", "–", " the next day", "closed", "public holidays", "as on other days", "; "},
}

func tongueOf(lang string) tongue {
	if lang == "en" {
		return tongues["en"]
	}
	return tongues["fr"]
}

// DayName is the name of a day of the week, 0 is Monday.
func DayName(lang string, day int) string { return tongueOf(lang).days[day] }

// Words says a week in French or English: "lundi au vendredi : 8 h 00 – 18 h 00 ; samedi et dimanche : fermé ; jours fériés : fermé".
func (w Week) Words(lang string) string {
	t := tongueOf(lang)
	var out []string
	for from := 0; from < 7; {
		to := from
		for to < 6 && w.Days[to+1] == w.Days[from] {
			to++
		}
		name := t.days[from]
		switch to - from {
		case 0:
		case 1:
			name += t.and + t.days[to]
		default:
			name += t.to + t.days[to]
		}
		out = append(out, name+t.colon+w.Days[from].words(lang, t))
		from = to + 1
	}
	feast := t.shut
	if w.Holidays {
		feast = t.likeOthers
	}
	return prose.Spaces(lang, strings.Join(append(out, t.holidays+t.colon+feast), t.separator))
}

func (s Span) words(lang string, t tongue) string {
	if s.Shut() {
		return t.shut
	}
	text := clock(lang, s.Opens) + t.between + clock(lang, s.Closes)
	if s.Closes > Minutes {
		text += t.next
	}
	return text
}

// clock writes minutes after midnight; midnight at the end of a day is 24 o'clock.
func clock(lang string, minute int) string {
	switch {
	case minute == Minutes && lang == "en":
		return "24:00"
	case minute == Minutes:
		return "24\u00a0h\u00a000"
	}
	return prose.ClockIn(lang, time.Date(2000, time.January, 1, 0, minute%Minutes, 0, 0, time.UTC), time.UTC)
}
