package pdf

import (
	"strings"
	"unicode"
)

// wrap breaks glyphs into lines no wider than width. The space at which a
// line ends stays on it, unseen, so that words stay apart for a reader that
// listens. A word wider than a line is cut, after a sign of an address such
// as "/" if it has one.
func wrap(gs []glyph, size, width float64) [][]glyph {
	var lines [][]glyph
	limit := int(width * 1000 / size)
	for len(gs) > 0 {
		n := lineEnd(gs, limit)
		line := gs[:n]
		if line[n-1].char == '\n' {
			line = line[:n-1]
		}
		lines = append(lines, line)
		gs = gs[n:]
	}
	return lines
}

// lineEnd says how many glyphs make the first line.
func lineEnd(gs []glyph, limit int) int {
	used, word, sign := 0, 0, 0
	for i, g := range gs {
		if g.char == '\n' {
			return i + 1
		}
		used += g.width
		if used > limit && g.char != ' ' {
			return max(1, firstOf(word, sign, i))
		}
		if breaksAfter(gs, i) {
			word = i + 1
		}
		if strings.ContainsRune("/?&=.@_-", g.char) {
			sign = i + 1
		}
	}
	return len(gs)
}

func firstOf(candidates ...int) int {
	for _, n := range candidates {
		if n > 0 {
			return n
		}
	}
	return 0
}

// breaksAfter tells whether a line may end after glyph i: at a space, except
// the one French puts inside quotation marks and before double signs and the
// one inside a number, and after a hyphen between two letters.
func breaksAfter(gs []glyph, i int) bool {
	if i+1 >= len(gs) {
		return false
	}
	var last rune
	if i > 0 {
		last = gs[i-1].char
	}
	next := gs[i+1].char
	switch gs[i].char {
	case ' ':
		inNumber := unicode.IsDigit(last) && unicode.IsDigit(next)
		return last != '«' && !inNumber && !strings.ContainsRune(" ;:!?»%€", next)
	case '-', '\u2010':
		return unicode.IsLetter(last) && unicode.IsLetter(next)
	}
	return false
}

// measure is the width of a line in points, without a final space.
func measure(line []glyph, size float64) float64 {
	sum := 0
	for _, g := range line {
		sum += g.width
	}
	if n := len(line); n > 0 && line[n-1].char == ' ' {
		sum -= line[n-1].width
	}
	return float64(sum) * size / 1000
}
