package format

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// IsCanonical reports whether b is an entry in canonical form: exactly what Canonical would write for it, and an
// object. It reads each byte once and allocates nothing, because verification asks it of every entry there ever was.
func IsCanonical(b []byte) bool {
	if len(b) < 2 || len(b) > MaxBody || b[0] != '{' || !utf8.Valid(b) {
		return false
	}
	end := scanObject(b, 0, 1)
	return end == len(b)
}

// scanValue and its kin return the position after the value that starts at i, or -1.
func scanValue(b []byte, i, depth int) int {
	if i >= len(b) || depth > maxDepth {
		return -1
	}
	switch b[i] {
	case '"':
		return scanString(b, i)
	case '{':
		return scanObject(b, i, depth)
	case '[':
		return scanList(b, i, depth)
	case 't':
		return scanWord(b, i, "true")
	case 'f':
		return scanWord(b, i, "false")
	}
	return scanInteger(b, i)
}

func scanObject(b []byte, i, depth int) int {
	i++
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	var last []byte
	for {
		start := i + 1
		if i = scanKey(b, i); i < 0 {
			return -1
		}
		key := b[start : i-2]
		if len(last) > 0 && key[0] <= last[0] && bytes.Compare(key, last) <= 0 {
			return -1 // out of order, or twice
		}
		last = key
		if i = scanValue(b, i, depth+1); i < 0 || i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

// scanKey returns the position after a member's name and its colon.
func scanKey(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	start := i + 1
	for i = start; i < len(b) && keyByte[b[i]]; i++ {
	}
	if i == start || i-start > maxKey || i+1 >= len(b) || b[i] != '"' || b[i+1] != ':' {
		return -1
	}
	return i + 2
}

func scanList(b []byte, i, depth int) int {
	i++
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = scanValue(b, i, depth+1); i < 0 || i >= len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

func scanString(b []byte, i int) int {
	for i++; ; i++ {
		if i = plainUntil(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			if i = scanEscape(b, i); i < 0 {
				return -1
			}
		default:
			return -1 // a bare control character
		}
	}
}

// Bytes of a word, all alike.
const (
	ones        = 0x0101010101010101
	highs       = 0x80 * ones
	blanks      = ' ' * ones
	quotes      = '"' * ones
	backslashes = '\\' * ones
)

// plainUntil returns the position of the first byte from i on that does not stand for itself in a text: a quote, a
// backslash or a control. It looks at eight bytes at a time, for texts are most of an entry: each of the three terms
// raises the high bit of such a byte. Above one, it may raise others too.
func plainUntil(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := w^quotes, w^backslashes
		if found := ((w-blanks)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// scanEscape returns the position of the last character of an escape, if it is the shortest way to write its character.
func scanEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if i+5 >= len(b) || b[i+2] != '0' || b[i+3] != '0' || (b[i+4] != '0' && b[i+4] != '1') {
			return -1
		}
		low := bytes.IndexByte([]byte(hexDigits), b[i+5])
		c := int(b[i+4]-'0')<<4 | low
		if low < 0 || c == 0 || shortEscape[c] != 0 {
			return -1
		}
		return i + 5
	}
	return -1
}

func scanInteger(b []byte, i int) int {
	negative := b[i] == '-'
	if negative {
		i++
	}
	start, n := i, int64(0)
	for i < len(b) && b[i] >= '0' && b[i] <= '9' && i-start < 17 {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i == start || n > maxInteger || (b[start] == '0' && (i-start > 1 || negative)) {
		return -1
	}
	return i
}

func scanWord(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}
