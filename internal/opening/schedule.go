package opening

import "time"

// Schedule is when one place is open, over time.
type Schedule struct {
	Department string    // of the place, which knows its holidays and its clock; "" is somewhere on the mainland
	Versions   []Version // of its own hours, by their numbers; none: it has the usual ones
}

// Version is what a place said of its hours, for days from one on.
type Version struct {
	Number int       // from 1 on
	From   time.Time // midnight UTC of the first day; a later version may be in force from the same day on, and counts
	Week   *Week     // nil: the usual hours again
}

// On returns the place's own hours on a day (midnight UTC), and the number of their version; the usual ones, and 0, when it has none.
func (s *Schedule) On(day time.Time, usual Week) (Week, int) {
	for i := len(s.Versions) - 1; i >= 0; i-- {
		v := &s.Versions[i]
		switch {
		case v.From.After(day):
		case v.Week == nil:
			return usual, 0
		default:
			return *v.Week, v.Number
		}
	}
	return usual, 0
}

// Hours are when a place is open on one day: its own hours, and those of the day before that went on past midnight.
type Hours struct{ today, before Span }

// Around are the hours of a day (midnight UTC), which hold for every time of it.
func (s *Schedule) Around(day time.Time, usual Week) Hours {
	return Hours{s.on(day, usual), s.on(day.AddDate(0, 0, -1), usual)}
}

// Open reports whether the place is open at a time of that day, as clocks there show it.
func (h Hours) Open(local time.Time) bool {
	hour, minute, _ := local.Clock()
	minute += 60 * hour
	return h.today.holds(minute) || h.before.holds(minute+Minutes)
}

// on is when the place is open on a day, of which it is known whether it is a holiday.
func (s *Schedule) on(day time.Time, usual Week) Span {
	w, _ := s.On(day, usual)
	if !w.Holidays && Holiday(day, s.Department) {
		return Span{}
	}
	return w.on(day.Weekday())
}

// Day is the day of a time where its clock hangs, as midnight UTC: a date without an hour.
func Day(local time.Time) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
