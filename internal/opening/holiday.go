package opening

import "time"

// date is a day of each year.
type date struct {
	month time.Month
	day   int
}

// everywhere are the public holidays with a date (Code du travail, L3133-1).
var everywhere = map[date]bool{
	{time.January, 1}: true, {time.May, 1}: true, {time.May, 8}: true, {time.July, 14}: true, {time.August, 15}: true, {time.November, 1}: true, {time.November, 11}: true, {time.December, 25}: true,
}

// abolition is the day on which the end of slavery is commemorated (loi 83-550, décret 83-1003; Saint-Martin: since 2018).
var abolition = map[string]date{
	"971": {time.May, 27}, "972": {time.May, 22}, "973": {time.June, 10}, "974": {time.December, 20}, "976": {time.April, 27}, "977": {time.October, 9}, "978": {time.May, 28},
}

// concordat are the departments of Alsace-Moselle, where Good Friday and the 26th of December are public holidays too (Code du travail, L3134-13). Good Friday is one in municipalities with a
// Protestant church, which are not told apart here.
var concordat = map[string]bool{"57": true, "67": true, "68": true}

// The days after Easter of public holidays: Easter Monday, Ascension, Whit Monday.
var afterEaster = [...]int{1, 39, 50}

// Holiday reports whether a day is a public holiday in a department, "" for one with no holidays of its own. Those that Pacific collectivities set themselves are not known.
func Holiday(day time.Time, department string) bool {
	y, m, d := day.Date()
	if everywhere[date{m, d}] {
		return true
	}
	if own, ok := abolition[department]; ok && own == (date{m, d}) {
		return true
	}
	easter := Easter(y)
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	for _, n := range afterEaster {
		if today.Equal(easter.AddDate(0, 0, n)) {
			return true
		}
	}
	return concordat[department] && (today.Equal(easter.AddDate(0, 0, -2)) || m == time.December && d == 26)
}

// Easter is Easter Sunday of a year, midnight UTC: the Sunday after the full moon that the Gregorian calendar's tables have on the 21st of March or next after it.
func Easter(year int) time.Time {
	golden, century := year%19, year/100
	// how old the moon is on the 1st of January, less what leap years that are left out and the moon's own drift took from the tables
	epact := (19*golden + century - century/4 - (8*century+13)/25 + 15) % 30
	full := epact - epact/28*(1-29/(epact+1)*((21-golden)/11)) // days from the 21st of March to that full moon
	weekday := (year + year/4 + full + 2 - century + century/4) % 7
	return time.Date(year, time.March, 28+full-weekday, 0, 0, 0, 0, time.UTC)
}
