package pdf

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Printable returns a text with each character that the letters of the document lack named in its place, as "[U+1F600]". It is for words whose writer cannot be asked for
// others any more, and that have to be printed; a name with such a character is refused instead.
func (d *Document) Printable(text string) string {
	if d.err != nil {
		return text
	}
	var out strings.Builder
	for _, r := range norm.NFC.String(text) {
		if strings.ContainsRune("\n\r\t", r) || d.has(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "[%U]", r)
		}
	}
	return out.String()
}

// has reports whether both faces can print a character.
func (d *Document) has(r rune) bool {
	_, regular := d.regular.find(r)
	_, bold := d.bold.find(r)
	return regular && bold
}
