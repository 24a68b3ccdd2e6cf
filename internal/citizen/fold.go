package citizen

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ligatures are letters that decomposition leaves whole.
var ligatures = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ŧ': "t"}

// joins reports whether a letter joins two words to a compound: a hyphen or an apostrophe, in any of the forms in which keyboards and registers
// write them. Some of them are letters to Unicode.
func joins(r rune) bool {
	return strings.ContainsRune("-'’‘ʼʻ´`\u2010\u2011\u2012\u2013\u00ad", r)
}

// fold appends the words of a name to dst, each behind a blank, without accents and case: what people type at a counter. Of a compound it appends
// the words and then the whole ("Jean-Pierre": " jean pierre jeanpierre"), because people type it with the hyphen, with a blank and with neither.
func fold(dst []byte, name string) []byte {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			name = norm.NFD.String(name)
			break
		}
	}
	run, word := len(dst), len(dst) // where the compound and the word under way begin
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			dst = grow(dst, word, byte(r))
		case 'A' <= r && r <= 'Z':
			dst = grow(dst, word, byte(r)+'a'-'A')
		case joins(r):
			word = len(dst)
		case r < utf8.RuneSelf:
			dst = whole(dst, run)
			run, word = len(dst), len(dst)
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			dst = growRune(dst, word, r)
		default:
			dst = whole(dst, run)
			run, word = len(dst), len(dst)
		}
	}
	return whole(dst, run)
}

// grow appends a letter to the word that begins at word.
func grow(dst []byte, word int, letter byte) []byte {
	if len(dst) == word {
		dst = append(dst, ' ')
	}
	return append(dst, letter)
}

func growRune(dst []byte, word int, r rune) []byte {
	if len(dst) == word {
		dst = append(dst, ' ')
	}
	r = unicode.ToLower(unicode.ToUpper(r)) // by way of the upper case: σ and ς, i and ı are one
	if plain, ok := ligatures[r]; ok {
		return append(dst, plain...)
	}
	return utf8.AppendRune(dst, r)
}

// whole ends the compound that begins at run: when it has several words, they are appended as one.
func whole(dst []byte, run int) []byte {
	words := dst[run:]
	if bytes.Count(words, blank) < 2 {
		return dst
	}
	dst = append(dst, ' ')
	for _, b := range words {
		if b != ' ' {
			dst = append(dst, b)
		}
	}
	return dst
}

var blank = []byte{' '}
