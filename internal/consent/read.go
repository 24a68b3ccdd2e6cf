package consent

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Meaning is what an answer means.
type Meaning int

// The meanings. What is not listed is NotClear: it never agrees.
const (
	NotClear Meaning = iota
	Agreed
	Refused
	Stopped // refused, and wants no more questions
	Thanked // which leaves a yes as it is, and is not clear before
)

// The answers that count, as squeeze leaves them. A list, because what is found out by rules would be found out wrongly one day: "oui mais", "oui ?"
// and "oui si ma fille est d'accord" agree to nothing.
var (
	agrees = []string{"oui", "ouioui", "ouimerci", "mercioui", "ouisilvousplait", "ouisvp", "ok", "okmerci", "ouiok", "okoui", "daccord", "ouidaccord", "daccordmerci", "okdaccord", "jaccepte", "ouijaccepte",
		"jesuisdaccord", "ouijesuisdaccord", "yes", "yesthanks", "yesthankyou", "iagree", "yesiagree"}
	refuses = []string{"non", "nonnon", "nonmerci", "mercinon", "jerefuse", "nonjerefuse", "pasdaccord", "nonpasdaccord", "jenesuispasdaccord", "jesuispasdaccord", "jenacceptepas", "annuler", "no",
		"nothanks", "nothankyou", "irefuse", "idonotagree"}
	stops  = []string{"stop", "stopsms", "stopmerci", "nonstop", "arret", "arretez", "arretersms"}
	thanks = []string{"merci", "mercibeaucoup", "mercibien", "grandmerci", "mercibonnejournee", "bonnejournee", "derien", "thanks", "thankyou"}
)

// Read tells what an answer means, whatever its case, accents, dots and spaces.
func Read(text string) Meaning {
	s := squeeze(text)
	switch {
	case slices.Contains(agrees, s):
		return Agreed
	case slices.Contains(refuses, s):
		return Refused
	case slices.Contains(stops, s):
		return Stopped
	case slices.Contains(thanks, s):
		return Thanked
	}
	return NotClear
}

// harmless are the characters that people put around and between words, and that change nothing: not a question mark, not a comma before "mais".
const harmless = ".,!'’ʼ\"«»“”-…"

// accent reports whether c is a mark that French letters carry, and not one that strikes them out or hides them.
func accent(c rune) bool { return c >= '\u0300' && c <= '\u0304' || c == '\u0308' || c == '\u0327' }

// squeeze leaves the letters of an answer, without case and accents. Any character that is neither a letter of ASCII then nor harmless stays, and so
// makes the answer one that is not listed.
func squeeze(text string) string {
	if len(text) > 200 {
		return text // longer than any that is listed, whatever is taken out
	}
	return strings.Map(func(c rune) rune {
		if accent(c) || unicode.IsSpace(c) || strings.ContainsRune(harmless, c) {
			return -1
		}
		return c
	}, norm.NFD.String(strings.ToLower(text)))
}
