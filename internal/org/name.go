package org

import (
	"strings"
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
