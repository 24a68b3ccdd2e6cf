package opening

import (
	"sync"
	"time"

	"mandat/internal/prose"
)

// abroad are the zones of departments and collectivities whose clocks do not show the time of Paris, by their codes; each with how people say it. Three clocks hang in French Polynesia
// (987): this is that of Tahiti, where most live.
var abroad = map[string]struct{ zone, fr, en string }{
	"971": {"America/Guadeloupe", "heure de la Guadeloupe", "Guadeloupe time"},
	"972": {"America/Martinique", "heure de la Martinique", "Martinique time"},
	"973": {"America/Cayenne", "heure de la Guyane", "French Guiana time"},
	"974": {"Indian/Reunion", "heure de La Réunion", "Réunion time"},
	"975": {"America/Miquelon", "heure de Saint-Pierre-et-Miquelon", "Saint Pierre and Miquelon time"},
	"976": {"Indian/Mayotte", "heure de Mayotte", "Mayotte time"},
	"977": {"America/St_Barthelemy", "heure de Saint-Barthélemy", "Saint Barthélemy time"},
	"978": {"America/Marigot", "heure de Saint-Martin", "Saint Martin time"},
	"984": {"Indian/Kerguelen", "heure des Kerguelen", "Kerguelen time"},
	"986": {"Pacific/Wallis", "heure de Wallis-et-Futuna", "Wallis and Futuna time"},
	"987": {"Pacific/Tahiti", "heure de Tahiti", "Tahiti time"},
	"988": {"Pacific/Noumea", "heure de la Nouvelle-Calédonie", "New Caledonia time"},
}

// zones are those of abroad, read once.
var zones = sync.OnceValue(func() map[string]*time.Location {
	out := map[string]*time.Location{}
	for code, x := range abroad {
		zone, err := time.LoadLocation(x.zone)
		if err != nil {
			panic(err) // the zone database is compiled in, by package prose
		}
		out[code] = zone
	}
	return out
})

// Zone is the clock of a department or collectivity; that of Paris for any other code.
func Zone(department string) *time.Location {
	if z, ok := zones()[department]; ok {
		return z
	}
	return prose.Paris
}

// Apart reports whether a department has a clock or holidays of its own.
func Apart(department string) bool {
	_, ok := abroad[department]
	return ok || concordat[department]
}

// ZoneWords says which clock that is: "heure de La Réunion", "Réunion time".
func ZoneWords(lang, department string) string {
	x, ok := abroad[department]
	switch {
	case ok && lang == "en":
		return x.en
	case ok:
		return x.fr
	case lang == "en":
		return "Paris time"
	}
	return "heure de Paris"
}
