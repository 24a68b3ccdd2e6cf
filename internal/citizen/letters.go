package citizen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many characters a name may have.
const maxName = 256

// Name reports whether s is at most 256 characters that can be seen, none that steers or hides text, and whether the letters of each of its words are of one alphabet: with those
// of another one that look the same, somebody would be somebody new.
func Name(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName || strings.ContainsFunc(s, unseen) {
		return false
	}
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M) }) {
		if len(alphabets(word)) > 1 {
			return false
		}
	}
	return true
}

// unseen reports whether nobody sees a character where it stands: those that steer text, the selectors of variants, and the fillers that are letters to Unicode.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// together are scripts in which one name is written.
var together = map[string]string{"Hiragana": "Han", "Katakana": "Han", "Hangul": "Han", "Bopomofo": "Han"}

// alphabets are the scripts of the letters of a text, and of the marks that belong to one (The Unicode Standard, annex 24).
func alphabets(text string) map[string]bool {
	out := map[string]bool{}
	for _, r := range text {
		if !unicode.In(r, unicode.L, unicode.M) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		if unicode.Is(unicode.Latin, r) {
			out["Latin"] = true
			continue
		}
		for name, table := range unicode.Scripts {
			if unicode.Is(table, r) {
				if of, ok := together[name]; ok {
					name = of
				}
				out[name] = true
			}
		}
	}
	return out
}

// otherAlphabet is the first of the names, by its field, in which there is a letter of another alphabet than before: a document writes all of them in one.
func (i Identity) otherAlphabet() string {
	first := ""
	for _, name := range [][2]string{{"family_name", i.FamilyName}, {"usage_name", i.PreferredUsername}, {"given_name", i.GivenName}} {
		for alphabet := range alphabets(name[1]) {
			if first != "" && alphabet != first {
				return name[0]
			}
			first = alphabet
		}
	}
	return ""
}
