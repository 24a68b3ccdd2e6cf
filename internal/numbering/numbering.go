// Package numbering reads the telephone numbers of France and its territories, as people write them, and spells them: the numbering plan of Arcep, and those of
// Saint-Pierre-et-Miquelon, Wallis-et-Futuna, Nouvelle-Calédonie and Polynésie française.
//
// It knows how numbers begin and how long they are, not which of them were given to anybody: a code that is sent shows that.
package numbering

import (
	"strings"
	"unicode"
)

// area is a country code, and how the numbers behind it begin.
type area struct {
	code          string
	digits        int // behind the code; of nine, numbers are dialled with a 0 in front and without the code, in each of these areas
	fixed, mobile []string
}

// ten is how many digits a number has that is dialled without the code.
const ten = 10

// areas are in the order of their codes. Of several beginnings that a number of nine digits has, in any area, the longest says where it belongs: 0690… is
// Guadeloupe's, though France's mobiles begin with 06.
var areas = []area{
	// Mainland France, with special and non-geographic numbers. 06 39 98 is kept for works of fiction, and forms for examples.
	{"33", 9, []string{"1", "2", "3", "4", "5", "8", "9"}, []string{"6", "63998", "73", "74", "75", "76", "77", "78", "79"}},
	// La Réunion and Mayotte.
	{"262", 9, []string{"262", "263", "2688", "2689", "269"}, []string{"639", "692", "693", "7092", "70935", "70936", "70937"}},
	{"508", 6, []string{"2", "3", "4", "5", "6", "7", "8", "9"}, []string{"40", "44", "55", "56"}}, // Saint-Pierre-et-Miquelon, where most mobiles begin as others do
	{"508", 9, nil, []string{"708"}},
	{"590", 9, []string{"590", "5987"}, []string{"690", "691", "7090"}}, // Guadeloupe, Saint-Martin, Saint-Barthélemy
	{"594", 9, []string{"594", "5988"}, []string{"694", "70930", "70931", "70932", "70933"}},
	{"596", 9, []string{"596", "5989"}, []string{"696", "697", "7091"}},
	{"681", 6, []string{"40", "72", "9"}, []string{"82", "83"}},             // Wallis-et-Futuna
	{"687", 6, []string{"2", "3", "4", "88"}, []string{"5", "7", "8", "9"}}, // Nouvelle-Calédonie
	{"689", 8, []string{"40", "49"}, []string{"87", "88", "89"}},            // Polynésie française
}

// Read returns the number that a text spells, in the form +33199000000 (E.164), and false for what is none of France or its territories. The numbers of mainland
// France and of the overseas departments, Saint-Martin and Saint-Barthélemy may stand as they are dialled there, in ten digits; the other ones want their country code, as
// +687 or 00687.
func Read(s string) (number string, ok bool) {
	digits, international, ok := clean(s)
	if !ok {
		return "", false
	}
	if rest, found := strings.CutPrefix(digits, "00"); found && !international {
		digits, international = rest, true
	}
	if !international {
		national := strings.TrimPrefix(digits, "0")
		if len(national) == ten-1 {
			if a, _, known := within(national); known {
				return "+" + a.code + national, true
			}
		}
		if len(digits) <= ten || national != digits {
			return "", false
		}
	}
	for _, a := range areas {
		rest, found := strings.CutPrefix(digits, a.code)
		if !found || !international && a.digits != ten-1 {
			continue
		}
		if len(rest) == a.digits+1 {
			rest = strings.TrimPrefix(rest, "0") // "+33 (0)6 …"
		}
		if _, known := a.has(rest); known {
			return "+" + a.code + rest, true
		}
	}
	return "", false
}

// maxDigits is how many digits a number can have (E.164), with the two that are dialled before a country code and a 0 behind it.
const maxDigits = 15 + 3

// clean returns the digits of a text, and whether a plus stands before them. Blanks, dots and the like may stand between them, and signs that nobody sees, which
// programs put around numbers that are copied.
func clean(s string) (digits string, plus, ok bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0 && !plus:
			plus = true
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !strings.ContainsRune("./()-‐‑–", r):
			return "", false, false
		}
		if b.Len() > maxDigits {
			return "", false, false
		}
	}
	return b.String(), plus, b.Len() > 0
}

// has reports whether the area has the number behind its code, and whether that is a mobile's.
func (a area) has(rest string) (mobile, known bool) {
	if len(rest) != a.digits {
		return false, false
	}
	if a.digits == ten-1 {
		of, mobile, known := within(rest)
		return mobile, known && of.code == a.code
	}
	begun, mobile := a.begins(rest)
	return mobile, begun > 0
}

// within returns where a number of nine digits belongs, and whether it is a mobile's.
func within(national string) (where area, mobile, known bool) {
	longest := 0
	for _, a := range areas {
		if a.digits != ten-1 {
			continue
		}
		if begun, m := a.begins(national); begun > longest {
			longest, where, mobile = begun, a, m
		}
	}
	return where, mobile, longest > 0
}

// begins returns how long the longest beginning is that a number has in the area, and whether that is of mobiles; 0: it has none.
func (a area) begins(rest string) (longest int, mobile bool) {
	for n, list := range [][]string{a.fixed, a.mobile} {
		for _, begin := range list {
			if len(begin) > longest && strings.HasPrefix(rest, begin) {
				longest, mobile = len(begin), n == 1
			}
		}
	}
	return longest, mobile
}

// Mobile reports whether a number, as Read returns it, can get SMS. Where nobody can tell, it is false.
func Mobile(number string) bool {
	_, mobile, _ := split(number)
	return mobile
}

// Spell is a number, as Read returns it, as people read it aloud: one of mainland France in pairs, another one behind its country code. What is no number is returned
// as it is.
func Spell(number string) string {
	a, _, known := split(number)
	if !known {
		return number
	}
	rest := number[1+len(a.code):]
	if a.code == "33" {
		return pairs("0" + rest)
	}
	if len(rest)%2 == 0 {
		return "+" + a.code + " " + pairs(rest)
	}
	return "+" + a.code + " " + rest[:3] + " " + pairs(rest[3:])
}

// split finds the area of a number.
func split(number string) (of area, mobile, known bool) {
	for _, a := range areas {
		if rest, found := strings.CutPrefix(number, "+"+a.code); found {
			if mobile, known := a.has(rest); known {
				return a, mobile, true
			}
		}
	}
	return area{}, false, false
}

func pairs(digits string) string {
	var b strings.Builder
	for n := 0; n < len(digits); n += 2 {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(digits[n : n+2])
	}
	return b.String()
}
