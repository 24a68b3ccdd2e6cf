package citizen

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"mandat/internal/token"
)

// MaxPlace is how many characters a town or a country of birth may have.
const MaxPlace = 100

// documentSub begins what stands for FranceConnect's sub, of which none begins so, when a document told who the citizen is.
const documentSub = "document:"

// NewDocumentSub returns a sub, made by chance, for somebody whom a document told. It says nothing of who they are: two people of one name, born on one day,
// are two, and that somebody is the same as before is said by people (Namesakes).
func NewDocumentSub() string { return documentSub + token.Hex(16) }

// PersonMark says who a person is to whoever compares citizens of several organisations: by FranceConnect's sub, or by the names, the birth date and
// the birth place that a document told. It is personal, and "" for nobody. That of a document changes with the place that the last document told.
func (i Identity) PersonMark() string {
	switch {
	case i.Sub == "":
		return ""
	case byDocument(i):
		return documentSub + i.called() + ":" + letters(i.BornTown) + ":" + letters(i.BornCountry)
	}
	return "sub " + i.Sub
}

// called is what two documents of one person have in common: names and birth date, as they are compared. Its form never changes: nobody would be found again.
func (i Identity) called() string {
	return letters(i.FamilyName) + ":" + letters(i.GivenName) + ":" + i.Birthdate
}

// letters are the letters of a name alone, in lower case and without the accents of Latin ones: one word, as fold makes words for the search. A letter that is two
// to some printers is two (LEBŒUF, LEBOEUF). Marks of other scripts tell names apart, and stay.
func letters(name string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case joins(r):
		case unicode.IsLetter(r):
			r = unicode.ToLower(unicode.ToUpper(r))
			if plain, ok := ligatures[r]; ok {
				out.WriteString(plain)
			} else {
				out.WriteRune(r)
			}
		case unicode.Is(unicode.M, r) && (r < '\u0300' || r > '\u036f'):
			out.WriteRune(r)
		}
	}
	return out.String()
}

// calledBefore is called as it was when a sub was made of it, for the rows of then: ligatures were letters of their own.
func (i Identity) calledBefore() string {
	before := func(name string) string {
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
	return before(i.FamilyName) + ":" + before(i.GivenName) + ":" + i.Birthdate
}

// birthplace is the birth place behind the date, as the document has it.
func (i Identity) birthplace(lang string) string {
	out := ""
	if i.BornTown != "" {
		in := "à"
		if lang == "en" {
			in = "in"
		}
		out = ", " + in + " " + i.BornTown
	}
	if i.BornCountry != "" {
		out += " (" + i.BornCountry + ")"
	}
	return out
}
