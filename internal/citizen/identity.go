// Package citizen keeps who a citizen is, as one organisation knows them. It owns the table citizen.
//
// A citizen is one row per organisation and sub: two organisations that help the same person share nothing, not even a key to join them
// by. The sub is FranceConnect's; whom a document told has one made by chance (document.go), and whether they are one of those of their name
// is said by people. What was told stands encrypted under the citizen's own data key (package envelope): finding somebody by name means
// opening the organisation's rows and looking, in this program (search.go), never in SQL.
package citizen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mandat/internal/prose"
)

// Identity is what FranceConnect says of a citizen, under its own claim names, or what was read on a document (document.go).
type Identity struct {
	Sub               string `json:"sub"`
	GivenName         string `json:"given_name"`
	FamilyName        string `json:"family_name"`
	PreferredUsername string `json:"preferred_username,omitempty"` // usage name, may be absent
	Birthdate         string `json:"birthdate"`                    // YYYY-MM-DD; a part that is presumed is 00
	Gender            string `json:"gender"`                       // male, female or unspecified
	Birthplace        string `json:"birthplace"`                   // INSEE commune code, "" when born abroad
	Birthcountry      string `json:"birthcountry"`                 // INSEE country code
	Email             string `json:"email,omitempty"`

	// The birth place as a document tells it, in its own words: never FranceConnect's codes, and FranceConnect's citizens have none.
	BornTown    string `json:"born_town,omitempty"`
	BornCountry string `json:"born_country,omitempty"` // "" for France, and when the document does not say
}

// FullName returns first names, usage name when there is one, and birth name, as they are read aloud at a counter.
func (i Identity) FullName() string {
	if i.PreferredUsername != "" && i.PreferredUsername != i.FamilyName {
		return fmt.Sprintf("%s %s (%s)", i.GivenName, i.PreferredUsername, i.FamilyName)
	}
	return strings.TrimSpace(i.GivenName + " " + i.FamilyName)
}

// Age of majority, Code civil article 414.
const adult = 18

// AdultAt reports whether the person has certainly reached eighteen on the day of t in Paris. A presumed date counts as
// its last possible day, and an unreadable one as never.
func (i Identity) AdultAt(t time.Time) bool {
	year, month, day, ok := i.birth()
	if !ok {
		return false
	}
	if month == 0 {
		month, day = 12, 31
	}
	if day == 0 {
		day = time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	paris := t.In(prose.Paris)
	today := time.Date(paris.Year(), paris.Month(), paris.Day(), 0, 0, 0, 0, time.UTC)
	return !time.Date(year+adult, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(today)
}

// birth returns the parts of the birth date; a presumed part is 0.
func (i Identity) birth() (year, month, day int, ok bool) {
	part := strings.Split(i.Birthdate, "-")
	if len(part) != 3 || len(part[0]) != 4 || len(part[1]) != 2 || len(part[2]) != 2 {
		return 0, 0, 0, false
	}
	numbers := [3]int{}
	for n, s := range part {
		v, err := strconv.Atoi(s)
		if err != nil || v < 0 || strings.ContainsAny(s, "+-") {
			return 0, 0, 0, false
		}
		numbers[n] = v
	}
	year, month, day = numbers[0], numbers[1], numbers[2]
	if year == 0 || month > 12 || (month == 0 && day != 0) {
		return 0, 0, 0, false
	}
	if day != 0 {
		if d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); d.Day() != day {
			return 0, 0, 0, false
		}
	}
	return year, month, day, true
}

// BirthdateText writes the birth date for a person to compare: French or English words, "mai 1964 (jour non connu)" when the day is not
// known. Where a document told the birth place it follows, as it stands there: homonyms born on one day are told apart by it.
func (i Identity) BirthdateText(lang string) string { return i.birthday(lang) + i.birthplace(lang) }

func (i Identity) birthday(lang string) string {
	year, month, day, ok := i.birth()
	if !ok {
		return i.Birthdate
	}
	unknownDay, unknownMonth := "jour non connu", "jour et mois non connus"
	if lang == "en" {
		unknownDay, unknownMonth = "day not known", "day and month not known"
	}
	switch {
	case month == 0:
		return fmt.Sprintf("%d (%s)", year, unknownMonth)
	case day == 0:
		return fmt.Sprintf("%s (%s)", prose.Day(lang, year, time.Month(month), 0), unknownDay)
	}
	return prose.Day(lang, year, time.Month(month), day)
}

// Check returns what is wrong with an identity that was typed, by field: "given_name", "family_name", "usage_name", "birthdate", "born_town",
// "born_country", "email": "missing" or "invalid". It is empty for a good one.
func (i Identity) Check() map[string]string {
	wrong := map[string]string{}
	for field, v := range map[string]string{"given_name": i.GivenName, "family_name": i.FamilyName} {
		if strings.TrimSpace(v) == "" {
			wrong[field] = "missing"
		} else if letters(v) == "" {
			wrong[field] = "invalid"
		}
	}
	for field, v := range map[string]string{"given_name": i.GivenName, "family_name": i.FamilyName, "usage_name": i.PreferredUsername} {
		if !Name(v) {
			wrong[field] = "invalid"
		}
	}
	if field := i.otherAlphabet(); field != "" {
		wrong[field] = "invalid"
	}
	if _, _, _, ok := i.birth(); !ok {
		wrong["birthdate"] = "invalid"
	}
	for field, v := range map[string]string{"born_town": i.BornTown, "born_country": i.BornCountry} {
		if v != "" && (letters(v) == "" || !Name(v) || utf8.RuneCountInString(v) > MaxPlace) {
			wrong[field] = "invalid"
		}
	}
	if i.Email != "" && (!Name(i.Email) || strings.Count(i.Email, "@") != 1 || strings.ContainsAny(i.Email, " ,;<>")) {
		wrong["email"] = "invalid"
	}
	return wrong
}
