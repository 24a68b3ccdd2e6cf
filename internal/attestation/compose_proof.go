package attestation

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"mandat/internal/prose"
)

// identity says how it was known who the citizen is.
func (x subject) identity() string {
	return x.say("identity_"+cmp.Or(x.identifiedBy, "franceconnect"), "at", x.short(x.identified))
}

// consent says how citizen, second colleague and aidant agreed, each by what they did.
func (x subject) consent() string {
	accepted := "accepted"
	if x.signedWith != "" {
		accepted += "_" + x.signedWith
	}
	out := []string{x.say("consent_"+cmp.Or(x.consentBy, "given"), "at", x.short(x.signed))}
	if x.witness != nil {
		out = append(out, x.say("witness", "at", x.short(x.witness.At), "id", x.witness.Person.String()))
	}
	out = append(out, x.say(accepted))
	if x.reading == "aloud" || x.reading == "cannot_sign" {
		out = append(out, x.say("reading_"+x.reading))
	}
	if x.drawn {
		out = append(out, x.say("drawn"))
	}
	if x.present != nil {
		out = append(out, x.say("present", "people", x.people()))
	}
	return sentences(out...)
}

// people are who else was in the room.
func (x subject) people() string {
	var out []string
	for _, p := range x.present {
		role := "role_" + p.Role
		if _, ok := allPhrases()[x.lang].Phrases[role]; !ok {
			role = "role_other"
		}
		who := x.say(role)
		if p.Name != "" {
			who = x.say("present_named", "role", who, "name", p.Name)
		}
		out = append(out, who)
	}
	return x.listed(out)
}

// birth is when the citizen was born, and where if a document told it: as citizen.Identity.BirthdateText has it, in every language.
func (x subject) birth() string {
	out := x.birthday()
	if x.citizen.BornTown != "" {
		out = x.say("birth_town", "birth", out, "town", x.citizen.BornTown)
	}
	if x.citizen.BornCountry != "" {
		out = x.say("birth_country", "birth", out, "country", x.citizen.BornCountry)
	}
	return out
}

// birthday is the day of birth. What FranceConnect does not know of it is 0.
func (x subject) birthday() string {
	parts := strings.Split(x.citizen.Birthdate, "-")
	var n [3]int
	for i := range min(len(parts), len(n)) {
		n[i], _ = strconv.Atoi(parts[i])
	}
	switch year, month, day := n[0], n[1], n[2]; {
	case len(parts) != len(n) || year <= 0 || month < 0 || month > 12:
		return x.marked("date", x.citizen.Birthdate)
	case month == 0:
		return x.say("birth_month_unknown", "date", strconv.Itoa(year))
	case day == 0:
		return x.say("birth_day_unknown", "date", prose.Day(x.lang, year, time.Month(month), 0))
	default:
		return x.marked("date", prose.Day(x.lang, year, time.Month(month), day))
	}
}
