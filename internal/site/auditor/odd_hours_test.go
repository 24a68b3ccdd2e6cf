package auditor

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/opening"
	"mandat/internal/page/pagetest"
)

// The sentence of odd hours says the day and the time as they are where the organisation is, whose hours those were, and whether it was a public holiday.
func TestAlerts_SayOddHours(t *testing.T) {
	t.Parallel()
	s := &Alerts{Pages: pagetest.Pages(t)}
	limits := map[string]int{"opens": 7, "closes": 20, "saturday": 1, "sunday": 0, "holidays": 0, "acts": 3}
	night, err := opening.Parse("20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 20:00-32:00 - - =")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.November, 21, 19, 40, 0, 0, time.UTC) // in Paris twenty to nine, on a Saturday
	feast := time.Date(2026, time.December, 20, 5, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		what    string
		at      time.Time
		figures map[string]int
		week    *opening.Week
		lang    string
		want    string
	}{
		{"in Paris", at, map[string]int{"acts": 3}, nil, "fr", "samedi 21 novembre 2026, entre 20 h 40 et 20 h 52, heure de Paris, ce professionnel a fait 3 actes pour des usagers hors des heures d’ouverture. " +
			"La structure n’a pas donné ses horaires ; ceux de la règle : lundi au samedi : 7 h 00 – 20 h 00 ; dimanche : fermé ; jours fériés : fermé. La règle le signale à partir de 3 par jour."},
		{"in La Réunion", at, map[string]int{"acts": 3, "department": 974, "hours": 2}, &night, "fr", "samedi 21 novembre 2026, entre 23 h 40 et 23 h 52, heure de La Réunion, ce professionnel a fait 3 actes pour des usagers hors des heures d’ouverture. " +
			"Horaires de la structure alors : lundi au vendredi : 20 h 00 – 8 h 00 le lendemain ; samedi et dimanche : fermé ; jours fériés : comme les autres jours. La règle le signale à partir de 3 par jour."},
		{"in English", at, map[string]int{"acts": 3, "department": 974, "hours": 2}, &night, "en", "On Saturday 21 November 2026, between 23:40 and 23:52, Réunion time, this professional did 3 acts for citizens outside opening hours. " +
			"Hours of the organisation then: Monday to Friday: 20:00–08:00 the next day; Saturday and Sunday: closed; public holidays: as on other days. The rule reports it from 3 a day on."},
		{"on its holiday", feast, map[string]int{"acts": 3, "department": 974}, nil, "en", "On Sunday 20 December 2026, between 09:00 and 09:12, Réunion time, this professional did 3 acts for citizens outside opening hours. " +
			"The organisation gave none; those of the rule: Monday to Saturday: 07:00–20:00; Sunday: closed; public holidays: closed. The rule reports it from 3 a day on. It was a public holiday."},
	} {
		a := &anomaly.Alert{Finding: anomaly.Finding{Rule: anomaly.OddHours, Day: x.at.Truncate(24 * time.Hour), Figures: x.figures, First: x.at, Last: x.at.Add(12 * time.Minute)}, Hours: x.week}
		got, err := s.says(x.lang, a, limits)
		if got = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(got); err != nil || !strings.EqualFold(got, x.want) {
			t.Errorf("%s: %s, %v", x.what, got, err)
		}
	}
}
