package terms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxCaseWords = 3         // of two letters or more, in a reference: "Avis d'impôt 2025", and no sentence
	caseMarks    = " -/._°'" // beside letters and digits
)

// goodCase reports whether a reference may be asked for. It is read to the citizen in the service's own messages, so it has a digit and no sentence in it, nor what could
// end one of ours; and its letters are those of French and its neighbours in one spelling, so that two references which look the same are the same.
func goodCase(s string) bool {
	if utf8.RuneCountInString(s) > MaxCase || strings.Join(strings.Fields(s), " ") != s {
		return false
	}
	words, letters, digit := 0, 0, s == ""
	for _, c := range s {
		switch {
		case caseLetter(c):
			if letters++; letters == 2 {
				words++
			}
			continue
		case c >= '0' && c <= '9':
			digit = true
		case !strings.ContainsRune(caseMarks, c):
			return false
		}
		letters = 0
	}
	return digit && words <= maxCaseWords
}

// caseLetter reports whether c is a letter of Latin-1, or a French one that this lacks. Two pairs of those look like other letters of theirs.
func caseLetter(c rune) bool {
	return c < unicode.MaxASCII && unicode.IsLetter(c) || c >= 'À' && c <= 'ÿ' && !strings.ContainsRune("×÷ÐðÞþ", c) || strings.ContainsRune("ŒœŸ", c)
}

// dashes are what programs that write letters make of hyphens and apostrophes.
var dashes = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-", "’", "'", "ʼ", "'")

// TidyCase is a reference as it was typed or pasted, with what cannot be seen to differ written in one way: accents in one sign with their letter, one kind of blank,
// hyphen and apostrophe.
func TidyCase(s string) string {
	return strings.Join(strings.Fields(dashes.Replace(norm.NFKC.String(s))), " ")
}

// FoldCase is the form of a file's reference by which it is found again, whoever typed it: neither its case nor its spaces tell it from another one. It never changes:
// powers are kept by it, those too whose reference could not be typed today.
func FoldCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}
