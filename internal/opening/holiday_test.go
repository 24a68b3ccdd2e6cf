package opening_test

import (
	"testing"
	"time"

	"mandat/internal/opening"
)

// Easter as a second reckoning has it: Gauss's rule for the years 1900 to 2099.
func TestEaster(t *testing.T) {
	t.Parallel()
	for y := 1900; y < 2100; y++ {
		a, b, c := y%19, y%4, y%7
		d := (19*a + 24) % 30
		e := (2*b + 4*c + 6*d + 5) % 7
		if d == 29 && e == 6 || d == 28 && e == 6 && a > 10 {
			d -= 7
		}
		if want := time.Date(y, 3, 22+d+e, 0, 0, 0, 0, time.UTC); !opening.Easter(y).Equal(want) {
			t.Errorf("%d: %s, want %s", y, opening.Easter(y).Format(time.DateOnly), want.Format(time.DateOnly))
		}
	}
}

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

// The holidays of 2026 are these and no others, in the places that have them.
func TestHoliday(t *testing.T) {
	t.Parallel()
	everywhere := []string{"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25", "2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25"}
	for department, own := range map[string][]string{
		"": nil, "75": nil, "988": nil, "971": {"2026-05-27"}, "972": {"2026-05-22"}, "973": {"2026-06-10"}, "974": {"2026-12-20"}, "976": {"2026-04-27"}, "977": {"2026-10-09"}, "978": {"2026-05-28"},
		"57": {"2026-04-03", "2026-12-26"}, "67": {"2026-04-03", "2026-12-26"}, "68": {"2026-04-03", "2026-12-26"},
	} {
		want := map[time.Time]bool{}
		for _, d := range append(own, everywhere...) {
			want[day(d)] = true
		}
		for d := day("2026-01-01"); d.Year() == 2026; d = d.AddDate(0, 0, 1) {
			if opening.Holiday(d, department) != want[d] {
				t.Errorf("%s in %q: %t", d.Format(time.DateOnly), department, !want[d])
			}
		}
	}
}
