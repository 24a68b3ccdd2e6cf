package attestation

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"mandat/internal/token"
)

// A control word is four words of the list: 32 bits. Tries are throttled for each address, so it would take longer than anybody lives.
const controlLength = 4

// newControlWord draws a control word, as it is printed ("lune-pomme-sapin-tasse").
func newControlWord() string {
	list := strings.Fields(controlWords)
	var out []string
	for _, b := range token.Bytes(controlLength) {
		out = append(out, list[b])
	}
	return strings.Join(out, "-")
}

// maxTyped is more letters than any control word has, with its hyphens.
const maxTyped = 100

// letters is what counts of what somebody typed: not its capitals, accents, spaces or hyphens.
func letters(typed string) string {
	if len(typed) > maxTyped {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(typed))
}

// controlMAC is what is kept to compare a control word by. Its key is the token of the public address.
func controlMAC(tok, word string) []byte {
	h := hmac.New(sha256.New, []byte(tok))
	h.Write([]byte(letters(word)))
	return h.Sum(nil)
}
