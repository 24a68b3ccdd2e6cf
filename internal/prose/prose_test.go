package prose_test

import (
	"testing"
	"time"

	"mandat/internal/prose"
)

func TestDates(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 23, 22, 59, 59, 0, time.UTC)
	summer := time.Date(2026, 7, 31, 22, 5, 0, 0, time.UTC) // already the next day in Paris
	for got, want := range map[string]string{
		prose.DateTime("fr", end):                 "lundi 23 novembre 2026 à 23\u00a0h\u00a059",
		prose.DateTime("en", end):                 "Monday 23 November 2026 at 23:59",
		prose.DateTime("fr", summer):              "samedi 1er août 2026 à 0\u00a0h\u00a005",
		prose.DateTime("en", summer):              "Saturday 1 August 2026 at 00:05",
		prose.ShortTime("fr", summer):             "1er août 2026 à 0\u00a0h\u00a005",
		prose.ShortTime("en", end):                "23 November 2026 at 23:59",
		prose.Day("fr", 1962, time.August, 24):    "24 août 1962",
		prose.Day("fr", 1962, time.February, 1):   "1er février 1962",
		prose.Day("en", 1962, time.February, 1):   "1 February 1962",
		prose.Day("fr", 1964, time.July, 0):       "juillet 1964",
		prose.Day("en", 1964, time.July, 0):       "July 1964",
		prose.Date("fr", summer.AddDate(0, 0, 1)): "dimanche 2 août 2026",
		prose.DateTime("es", end):                 "lunes 23 de noviembre de 2026 a las 23:59",
		prose.DateTime("pt", end):                 "segunda-feira, 23 de novembro de 2026, às 23:59",
		prose.DateTime("ar", end):                 "الاثنين 23 نوفمبر 2026، الساعة 23:59",
		prose.DateTime("uk", end):                 "23 листопада 2026 року (понеділок) о 23:59",
		prose.DateTime("tr", end):                 "23 Kasım 2026 Pazartesi, saat 23:59",
		prose.Date("uk", summer):                  "1 серпня 2026 року (субота)",
		prose.ShortTime("es", summer):             "1 de agosto de 2026 a las 00:05",
		prose.ShortTime("pt", end):                "23 de novembro de 2026, às 23:59",
		prose.ShortTime("ar", end):                "23 نوفمبر 2026، الساعة 23:59",
		prose.ShortTime("uk", summer):             "1 серпня 2026 року о 00:05",
		prose.ShortTime("tr", end):                "23 Kasım 2026, saat 23:59",
		prose.Day("uk", 1962, time.August, 24):    "24 серпня 1962 року",
		prose.Day("ar", 1964, time.July, 0):       "07/1964",
		prose.Clock("tr", summer):                 "00:05",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	const plain = "Qui ? « Vous » : 5 % ; oui !"
	french := prose.Spaces("fr", plain)
	if want := "Qui\u202f? «\u00a0Vous\u00a0»\u00a0: 5\u00a0%\u202f; oui\u202f!"; french != want {
		t.Errorf("%q, want %q", french, want)
	}
	if twice := prose.Spaces("fr", french); twice != french {
		t.Errorf("a second time: %q", twice)
	}
	if got := prose.Spaces("en", plain); got != plain {
		t.Errorf("English: %q", got)
	}
	if got := prose.Together("+33 1 99"); got != "+33\u00a01\u00a099" {
		t.Errorf("%q", got)
	}
}
