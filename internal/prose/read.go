package prose

import (
	"slices"
	"strings"
	"time"
)

// ReadDay reads a day as it is typed, day first ("31/12/2026", "31.12.2026", "1er décembre 2026", "1 December 2026"), or as a browser's own field sends it
// ("2026-12-31"). It returns it as a date in UTC, and false for what is no day of the calendar between the years 2000 and 2999.
func ReadDay(text string) (time.Time, bool) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \u00a0\u202f/.-", r) })
	if len(words) != 3 {
		return time.Time{}, false
	}
	if len(words[0]) == 4 {
		words[0], words[2] = words[2], words[0]
	}
	words[0] = strings.TrimSuffix(words[0], "er")
	if n := monthNamed(words[1]); n != 0 {
		words[1] = time.Month(n).String()
		return inRange(time.Parse("2 January 2006", strings.Join(words, " ")))
	}
	return inRange(time.Parse("2 1 2006", strings.Join(words, " ")))
}

func inRange(day time.Time, err error) (time.Time, bool) {
	if err != nil || day.Year() < 2000 || day.Year() > 2999 {
		return time.Time{}, false
	}
	return day, true
}

// monthNamed is the number of a month named in French, with or without its accents, or in English; 0 for none.
func monthNamed(word string) int {
	plain := strings.NewReplacer("é", "e", "û", "u")
	for n := 1; n <= 12; n++ {
		if slices.Contains([]string{frenchMonths[n-1], plain.Replace(frenchMonths[n-1]), strings.ToLower(time.Month(n).String())}, word) {
			return n
		}
	}
	return 0
}
