// Package citizen keeps who a citizen is, as one organisation knows them. It owns the table citizen.
//
// A citizen is one row per organisation and FranceConnect sub: two organisations that help the same person share nothing,
// not even a key to join them by. What FranceConnect said stands encrypted under the citizen's own data key (package
// envelope); finding somebody by name means opening the organisation's rows and looking, in this program, never in SQL.
package citizen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mandat/internal/prose"
)

// Identity is what FranceConnect says of a citizen, under its own claim names.
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
// known.
func (i Identity) BirthdateText(lang string) string {
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

// Check returns what is wrong with an identity that was typed, by field: "given_name", "family_name", "usage_name", "birthdate", "email":
// "missing" or "invalid". It is empty for a good one.
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
	if _, _, _, ok := i.birth(); !ok {
		wrong["birthdate"] = "invalid"
	}
	if i.Email != "" && (!Name(i.Email) || strings.Count(i.Email, "@") != 1 || strings.ContainsAny(i.Email, " ,;<>")) {
		wrong["email"] = "invalid"
	}
	return wrong
}

// maxName is how many characters a name may have.
const maxName = 256

// Name reports whether s is at most 256 characters that can be seen: none that steers or hides text.
func Name(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// DocumentSub is what stands for FranceConnect's sub when a document told who the citizen is: names and birth date, as they are compared. It is no
// sub that FranceConnect gives, and its form never changes: the same person would not be found again.
func (i Identity) DocumentSub() string {
	return "document:" + letters(i.FamilyName) + ":" + letters(i.GivenName) + ":" + i.Birthdate
}

// letters are the letters of a name alone, in lower case and without the accents of Latin ones. Marks of other scripts tell names apart, and stay.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		if unicode.Is(unicode.M, r) && (r < '\u0300' || r > '\u036f') {
			return r
		}
		return -1
	}, norm.NFKD.String(name))
}
