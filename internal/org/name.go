package org

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// nameLetters is the most letters of a given or of a usual name.
const nameLetters = 60

// Name returns a given or usual name without needless blanks, or ErrParticulars for what is none: it has 1 to 60 letters with their
// marks, and between them blanks, hyphens, apostrophes and full stops after an initial. Somebody else types it, and mails begin with it:
// an address, a number or a sentence in a name would be a message to a stranger in the service's own name.
func Name(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	letters, word := 0, 0 // letters so far, and of this word
	for _, c := range s {
		switch {
		case unicode.IsLetter(c):
			letters++
			word++
		case unicode.IsMark(c) && word > 0:
		case strings.ContainsRune(" -'’‑", c) && letters > 0, c == '.' && word == 1:
			word = 0
		default:
			return "", ErrParticulars
		}
	}
	if letters == 0 || utf8.RuneCountInString(s) > nameLetters {
		return "", ErrParticulars
	}
	return s, nil
}

const (
	placeLetters = 120 // the most characters of an organisation's name
	placeDigits  = 5   // the most digits with no letter between them: a postcode's
	placeFigures = 9   // the most digits in all: a telephone number has ten
)

// Patterns with every letter there is are large: they are compiled when the first name is read.
var (
	placeForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[\pL\pM0-9 \x{a0}'’()‑–—,.&°/-]*\pL[\pL\pM0-9 \x{a0}'’()‑–—,.&°/-]*$`)
	})
	shortened = sync.OnceValue(func() *regexp.Regexp { // "A.P.F.", "S.N.C.F", "Ass."
		return regexp.MustCompile(`^((\pL\pM*\.)+(\pL\pM*)?|(\pL\pM*){1,5}\.)$`)
	})
)

// placeName reports whether a text can be the name of an organisation, which stands in mails to people who know nothing of it yet. Like Name it lets no
// address, no telephone number and few sentences pass: up to 120 letters, digits, blanks and the signs that such names have, full stops only in what is
// shortened, and digits for a postcode or an arrondissement.
func placeName(s string) bool {
	isDigit := func(c rune) bool { return c >= '0' && c <= '9' }
	digits, together := 0, 0
	for _, c := range s {
		switch {
		case isDigit(c):
			digits++
			together++
		case unicode.IsLetter(c):
			together = 0
		}
		if together > placeDigits || digits > placeFigures {
			return false
		}
	}
	for _, word := range strings.FieldsFunc(s, func(c rune) bool { return c != '.' && !isDigit(c) && !unicode.IsLetter(c) && !unicode.IsMark(c) }) {
		if strings.Contains(word, ".") && !shortened().MatchString(word) {
			return false
		}
	}
	return placeForm().MatchString(s) && utf8.RuneCountInString(s) <= placeLetters
}
