package franceconnect

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mandat/internal/citizen"
)

// told is FranceConnect's userinfo, of what we ask.
type told struct {
	Sub               string `json:"sub"`
	GivenName         string `json:"given_name"`
	FamilyName        string `json:"family_name"`
	PreferredUsername string `json:"preferred_username"`
	Birthdate         string `json:"birthdate"`
	IDPBirthdate      string `json:"idp_birthdate"`
	Gender            string `json:"gender"`
	Birthplace        string `json:"birthplace"`
	Birthcountry      string `json:"birthcountry"`
	Email             string `json:"email"`
}

var (
	place   = regexp.MustCompile(`^([0-9]{2}|2A|2B)[0-9]{3}$`) // INSEE's official geographic code
	country = regexp.MustCompile(`^99[0-9]{3}$`)
)

const france = "99100"

// identity returns the citizen that FranceConnect described, exactly as described, or false when a claim that it promises
// is missing or malformed. Somebody born abroad has no birthplace; usage name and e-mail may be absent.
func (t told) identity() (citizen.Identity, bool) {
	out := citizen.Identity{Sub: t.Sub, GivenName: t.GivenName, FamilyName: t.FamilyName, PreferredUsername: t.PreferredUsername,
		Birthdate: t.birthdate(), Gender: t.Gender, Birthplace: t.Birthplace, Birthcountry: t.Birthcountry, Email: t.Email}
	sound := name(t.GivenName, 1) && name(t.FamilyName, 1) && name(t.PreferredUsername, 0) && name(t.Email, 0)
	if _, err := time.Parse(time.DateOnly, t.Birthdate); err != nil {
		sound = false
	}
	switch t.Gender {
	case "male", "female", "unspecified":
	default:
		sound = false
	}
	if !country.MatchString(t.Birthcountry) || !place.MatchString(t.Birthplace) && (t.Birthplace != "" || t.Birthcountry == france) {
		sound = false
	}
	return out, sound
}

// birthdate puts 00 back where FranceConnect wrote 01 for a part that is only presumed: idp_birthdate still has it, and is
// believed only where it says nothing else than that.
func (t told) birthdate() string {
	presumed := t.IDPBirthdate
	if len(presumed) == len(time.DateOnly) && strings.HasSuffix(presumed, "-00") && presumed[:4]+strings.ReplaceAll(presumed[4:], "-00", "-01") == t.Birthdate {
		return presumed
	}
	return t.Birthdate
}

// name reports whether s is text of least to 256 letters, without characters that steer or hide text instead of being seen.
func name(s string, least int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= 256 && !strings.ContainsFunc(s, unseen)
}

// unseen reports whether r is a control or format character: of direction, of no width.
func unseen(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
