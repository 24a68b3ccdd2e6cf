package pdf

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// UnprintableError says that a text holds a character that the font lacks:
// another script, a symbol, a control character. It names the character and
// never the text around it.
type UnprintableError struct{ Rune rune }

// Error names the character by its code point.
func (e *UnprintableError) Error() string {
	return fmt.Sprintf("character %U cannot be printed: only Latin script is", e.Rune)
}

// glyph is one character of a line: what is drawn, and what it means.
type glyph struct {
	char  rune
	index uint16
	width int // in 1/1000 of the size
}

// lookalikes are drawn by the glyph of another character when the font has
// none of their own; they look the same and differ only in line breaking.
var lookalikes = map[rune]rune{
	'\u202F': '\u00A0', // narrow no-break space
	'\u2010': '-',
	'\u2011': '-',      // no-break hyphen
	'\u02BC': '\u2019', // apostrophe as a letter, as in c’h
	'\u00A0': ' ',
}

// shape turns text into glyphs. Letters and accents written apart are joined
// first; runs of blanks become one space; line feeds are kept.
func (f *face) shape(s string) ([]glyph, error) {
	var gs []glyph
	s = strings.Trim(strings.ReplaceAll(norm.NFC.String(s), "\r\n", "\n"), " \t\n\r")
	for _, r := range s {
		if r == '\t' || r == '\r' {
			r = ' '
		}
		if r == ' ' && len(gs) > 0 && gs[len(gs)-1].char == ' ' {
			continue
		}
		if r == '\n' {
			gs = append(gs, glyph{char: r})
			continue
		}
		index, ok := f.find(r)
		if !ok {
			return nil, &UnprintableError{Rune: r}
		}
		gs = append(gs, glyph{char: r, index: index, width: f.widths[index]})
	}
	return gs, nil
}

func (f *face) find(r rune) (uint16, bool) {
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) {
		return 0, false
	}
	if g, ok := f.glyphs[r]; ok {
		return g, true
	}
	like, ok := lookalikes[r]
	if !ok {
		return 0, false
	}
	return f.find(like)
}

// use notes the glyphs of a line as drawn, and the character that copied text
// gives for each: of several the one the glyph was made for, or the lowest.
func (f *face) use(line []glyph) {
	for _, g := range line {
		c := g.char
		for f.glyphs[c] != g.index {
			c = lookalikes[c]
		}
		if was, ok := f.used[g.index]; !ok || c < was {
			f.used[g.index] = c
		}
	}
}
