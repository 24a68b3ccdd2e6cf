// Package opening says when a place is open: hours for each day of the week, which may go on past midnight, public holidays, and the clock that hangs there. It knows no table: package
// org keeps what organisations say of theirs, and package anomaly asks whether acts were done outside.
//
//	opening.go   a week of hours, and how it is written
//	schedule.go  the hours of one place over time
//	holiday.go   public holidays, reckoned
//	place.go     the time zones of departments and collectivities
//	words.go     hours as people read them
package opening

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Minutes is how many a day has. Hours are as on a clock on the wall: a day on which clocks change is as long as others.
const Minutes = 24 * 60

// Span is when a place is open on a day, in minutes after midnight: it opens at 0 to 1439, and closes later, at most a day after it opened. One that closes after midnight
// has Closes above Minutes. The zero Span is a day on which it is closed.
type Span struct{ Opens, Closes int }

// Shut reports whether the place is closed on that day.
func (s Span) Shut() bool { return s == Span{} }

func (s Span) fits() bool {
	return s.Opens >= 0 && s.Opens < Minutes && s.Closes > s.Opens && s.Closes <= s.Opens+Minutes
}

func (s Span) holds(minute int) bool { return minute >= s.Opens && minute < s.Closes }

// Week is when a place is open.
type Week struct {
	Days     [7]Span // from Monday
	Holidays bool    // whether it is open on public holidays, as on other days
}

// ErrWeek says that a text is no week.
var ErrWeek = errors.New("not hours of a week")

// Fits reports whether each day has hours that can be, and one at least has some.
func (w Week) Fits() bool {
	some := false
	for _, s := range w.Days {
		if !s.Shut() && !s.fits() {
			return false
		}
		some = some || !s.Shut()
	}
	return some
}

// String writes a week as it is kept and entered in the journal: seven days from Monday, each with its hours or a dash, then "=" when the place is open on public holidays, or a
// dash. Hours after midnight go on counting: "20:00-32:00".
func (w Week) String() string {
	var b strings.Builder
	for _, s := range w.Days {
		if s.Shut() {
			b.WriteString("- ")
		} else {
			_, _ = fmt.Fprintf(&b, "%02d:%02d-%02d:%02d ", s.Opens/60, s.Opens%60, s.Closes/60, s.Closes%60) // a Builder writes always
		}
	}
	if w.Holidays {
		return b.String() + "="
	}
	return b.String() + "-"
}

var written = regexp.MustCompile(`^([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])$`)

// Parse reads what String wrote. It returns ErrWeek.
func Parse(text string) (Week, error) {
	var w Week
	words := strings.Split(text, " ")
	if len(words) != 8 || words[7] != "-" && words[7] != "=" {
		return Week{}, ErrWeek
	}
	w.Holidays = words[7] == "="
	for i, word := range words[:7] {
		if word == "-" {
			continue
		}
		m := written.FindStringSubmatch(word)
		if m == nil {
			return Week{}, ErrWeek
		}
		n := [4]int{}
		for j := range n {
			n[j], _ = strconv.Atoi(m[j+1]) // two digits
		}
		if w.Days[i] = (Span{60*n[0] + n[1], 60*n[2] + n[3]}); w.Days[i].Shut() {
			return Week{}, ErrWeek
		}
	}
	if !w.Fits() {
		return Week{}, ErrWeek
	}
	return w, nil
}

// on is the hours of a weekday.
func (w *Week) on(day time.Weekday) Span { return w.Days[(day+6)%7] }
