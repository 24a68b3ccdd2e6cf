package counter

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"mandat/internal/page"
	"mandat/internal/procedure"
)

// A procedure is found by the beginnings of words of its name and body: a theme stands there to be opened. js/narrow.js does the same while somebody types; without it the button "find" sends the form,
// which comes back with the list narrowed and everything else as it was.

// fold is what a text is found by, whatever its accents, case and punctuation. js/narrow.js folds what is typed so too.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.M, r):
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
		default:
			b.WriteRune(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// wordsOf is what a procedure is found by on a page in a language: in French too, as papers name it.
func wordsOf(x procedure.Procedure, lang string) string {
	words := x.Name.In(lang) + " " + x.Body.In(lang)
	if lang != "fr" {
		words += " " + x.Name.In("fr")
	}
	return fold(words)
}

// foundBy reports whether each word of what is sought, folded, begins one of words.
func foundBy(words, sought string) bool {
	return !slices.ContainsFunc(strings.Fields(sought), func(w string) bool { return !strings.Contains(" "+words, " "+w) })
}

// seeks reports whether a form of terms was sent to find a procedure: by its button, or with Enter in a search that has changed.
func seeks(form *page.Form) bool {
	return form.Ticked("find") || !form.Ticked("go") && form.Value("seek") != form.Value("sought")
}
