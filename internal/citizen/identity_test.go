package citizen

import (
	"testing"
	"time"
)

func TestAdultAt(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		birth, at string
		want      bool
	}{
		{"2008-11-21", "2026-11-21T12:00:00Z", true},  // eighteen today
		{"2008-11-22", "2026-11-21T12:00:00Z", false}, // tomorrow
		{"2008-11-22", "2026-11-21T23:30:00Z", true},  // already tomorrow in Paris
		{"2008-11-00", "2026-11-29T12:00:00Z", false}, // presumed day: the last of the month
		{"2008-11-00", "2026-11-30T12:00:00Z", true},
		{"2008-02-00", "2026-02-28T12:00:00Z", false}, // 2008 was a leap year: the 29th
		{"2008-02-00", "2026-03-01T12:00:00Z", true},
		{"2008-00-00", "2026-12-30T12:00:00Z", false}, // presumed day and month: the last of the year
		{"2008-00-00", "2026-12-31T12:00:00Z", true},
		{"2008-02-29", "2026-02-28T12:00:00Z", false},
		{"1962-08-24", "2026-11-21T12:00:00Z", true},
		{"2008-00-05", "2030-01-01T12:00:00Z", false}, // not a date FranceConnect can say
		{"1990-13-01", "2030-01-01T12:00:00Z", false},
		{"1990-02-30", "2030-01-01T12:00:00Z", false},
		{"", "2030-01-01T12:00:00Z", false},
		{"-990-01-01", "2030-01-01T12:00:00Z", false},
	} {
		if got := (Identity{Birthdate: c.birth}).AdultAt(at(c.at)); got != c.want {
			t.Errorf("born %s, on %s: adult is %v", c.birth, c.at, got)
		}
	}
}

func TestNamesAndDatesInWords(t *testing.T) {
	i := Identity{GivenName: "Angela Claire", FamilyName: "DUBOIS", Birthdate: "1962-08-01"}
	if got := i.FullName(); got != "Angela Claire DUBOIS" {
		t.Error(got)
	}
	i.PreferredUsername = "MARTIN"
	if got := i.FullName(); got != "Angela Claire MARTIN (DUBOIS)" {
		t.Error(got)
	}
	for _, c := range []struct{ birth, lang, want string }{
		{"1962-08-01", "fr", "1er août 1962"},
		{"1962-08-24", "en", "24 August 1962"},
		{"1964-07-00", "fr", "juillet 1964 (jour non connu)"},
		{"1959-00-00", "en", "1959 (day and month not known)"},
	} {
		if got := (Identity{Birthdate: c.birth}).BirthdateText(c.lang); got != c.want {
			t.Errorf("%s: %q", c.birth, got)
		}
	}
}
