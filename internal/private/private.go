// Package private recognises in a text the numbers and secrets that must stand nowhere in it: social security numbers, bank accounts, bank cards, passwords.
// It refuses what others would read or be handed on paper: the account of a use, the reference of a file.
package private

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What a text holds that it must not.
const (
	NIR      = "nir"      // a social security number
	IBAN     = "iban"     // a bank account
	Card     = "card"     // a bank card
	Password = "password" // or another secret code
)

// Holds names the first thing that a text seems to hold and must not, "" when it seems to hold none. What is entered here is read by colleagues and handed over
// on paper: nothing in it may let anybody pay, sign in or be taken for the citizen.
//
// Numbers are recognised by their check digits, whatever stands between their digits (spaces, dots, dashes, up to three signs, of which blanks that
// stand together are one), and only whole: from where digits begin to where they end. A long receipt number passes, unless its check digits happen to be right. A tax number (numéro fiscal), which is written on every letter of
// the tax office and by which its files are known, passes too: its own check digits tell it from a social security number without its key.
func Holds(text string) string {
	folded := fold(text)
	said := []string{folded, mistyped().ReplaceAllStringFunc(folded, digitsFor.Replace)}
	switch {
	case slices.ContainsFunc(said, holdsIBAN) || slices.ContainsFunc(said, holdsRIB):
		return IBAN
	case slices.ContainsFunc(said, holdsNIR):
		return NIR
	case slices.ContainsFunc(said, holdsCard):
		return Card
	case holdsPassword(folded):
		return Password
	}
	return ""
}

// lazily compiles a pattern when it is first asked for: most commands of the program never ask, and each would pay at its start.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// mistyped finds numbers in which letters stand for the digits that they look like, digitsFor puts the digits there.
var (
	mistyped  = lazily(`\b[0-9oil]*[0-9][0-9oil]*\b`)
	digitsFor = strings.NewReplacer("o", "0", "i", "1", "l", "1")
)

// fold returns a text in small letters without accents and invisible signs, all digits as 0 to 9. Blanks that stand together are one, a line break when one of
// them is.
func fold(text string) string {
	var b strings.Builder
	blank := rune(0)
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Cf) || r == '\u115f' || r == '\u1160': // the last two are fillers of Hangul, letters that nobody sees
			continue
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			blank = '\n'
			continue
		case unicode.IsSpace(r):
			blank = max(blank, ' ')
			continue
		case blank > 0:
			b.WriteRune(blank)
			blank = 0
		}
		if unicode.Is(unicode.Nd, r) && r > '9' {
			b.WriteByte('0' + digitOf(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// digitOf is the value of a decimal digit of any script: they stand in runs of ten, each of which begins with its zero (The Unicode Standard, 4.6).
func digitOf(r rune) byte {
	n := byte(0)
	for zero := r - 1; n < 9 && unicode.Is(unicode.Nd, zero) && r-zero < 10; zero-- {
		n++
	}
	return n % 10
}

// gap is how many signs may stand between two digits of one number.
const gap = 3

// group is a run of digits, or of digits and letters, in a text.
type group struct {
	text   string
	joined bool // to the group before: nothing but a few signs stands between them
}

// groups cuts a text at all that is not kept. Letters that are not kept part what stands on their sides.
func groups(text string, kept func(rune) bool) []group {
	var out []group
	var run strings.Builder
	signs, parted := 0, true
	flush := func() {
		if run.Len() > 0 {
			out = append(out, group{run.String(), !parted})
			run.Reset()
			signs, parted = 0, false
		}
	}
	for _, r := range text {
		if kept(r) {
			run.WriteRune(r)
			continue
		}
		flush()
		signs++
		parted = parted || signs > gap || unicode.IsLetter(r)
	}
	flush()
	return out
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// each calls f with what every sequence of joined groups says together, up to most signs, until it returns true.
func each(all []group, most int, f func(string) bool) bool {
	for i := range all {
		said := ""
		for j := i; j < len(all) && (j == i || all[j].joined); j++ {
			if said += all[j].text; len(said) > most {
				break
			}
			if f(said) {
				return true
			}
		}
	}
	return false
}

// corsica is the part of a NIR in which a letter stands: it is joined to the digits around it.
var corsica = lazily(`(^|[^0-9])([0-9][^0-9a-z]{0,3}[0-9][^0-9a-z]{0,3}[0-9][^0-9a-z]{0,3}[0-9][^0-9a-z]{0,3}[0-9][^0-9a-z]{0,3}2[^0-9a-z]{0,3})([ab])`)

// holdsNIR looks for numbers of the register of persons: 13 digits and their key of 2, or the 13 alone, which have no check digits but a form.
func holdsNIR(text string) bool {
	// 2A is counted as 19, 2B as 18 (the key is worked out so): with those digits in its place, the number is one like all others.
	plain := corsica().ReplaceAllStringFunc(text, func(m string) string {
		at := strings.LastIndexByte(m, '2')
		digit := map[byte]string{'a': "9", 'b': "8"}[m[len(m)-1]]
		return m[:at] + "1" + digit
	})
	for _, t := range []string{text, plain} {
		if nirWritten().MatchString(t) || each(groups(t, isDigit), 15, isNIR) {
			return true
		}
	}
	return false
}

// Sex or kind of number, year, month (above 12 when it is not known), department, commune, order. Written with blanks between those it is looked for whatever its
// kind and month, without any only as most are: a number of a file that begins with its year and month would be one. Those of people born abroad who are being
// registered begin with 3 or 4.
var (
	nirWritten = lazily(`\b[1-478][^0-9a-z]{1,3}\d\d[^0-9a-z]{1,3}(0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)[^0-9a-z]{1,3}\d\d[^0-9a-z]{1,3}\d{3}[^0-9a-z]{1,3}\d{3}\b`)
	nirForm    = lazily(`^[1-478]\d\d(0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(\d\d)(\d{3})(\d{3})$`)
	nirPlain   = lazily(`^[1278]\d\d(0[1-9]|1[0-2])(0[1-9]|[1-9]\d)(0\d[1-9]|0[1-9]\d|[1-8]\d\d|9[0-8]\d|990)(\d\d[1-9]|\d[1-9]\d|[1-9]\d\d)$|^[34]\d\d(0[1-9]|1[0-2])99\d{6}$`)
)

func isNIR(digits string) bool {
	switch len(digits) {
	case 13:
		return nirPlain().MatchString(digits) && !isTax(digits)
	case 15:
		return nirForm().MatchString(digits[:13]) && remainder(digits[:13], 97)+remainder(digits[13:], 1000) == 97
	}
	return false
}

// isTax reports whether a number is that of a taxpayer: 13 digits, of which the first is 0 to 3 and the last three are the remainder of the ten before them by 511
// (European Commission, TIN algorithms, France). Of a thousand numbers of persons without their key, one happens to be one.
func isTax(digits string) bool {
	return len(digits) == 13 && digits[0] <= '3' && fmt.Sprintf("%03d", remainder(digits[:10], 511)) == digits[10:]
}

// holdsCard looks for numbers of bank cards: 13 to 19 digits that begin as those of a network do and pass Luhn's check (ISO/IEC 7812-1). Without their
// beginnings, every SIRET would be one.
func holdsCard(text string) bool { return each(groups(text, isDigit), 19, isCard) }

// networks are how cards begin, by their number of digits.
var networks = lazily(`^(4(\d{12}|\d{15}|\d{18})|3[47]\d{13}|3(0[0-59]|[689]\d)\d{11,16}|35\d{14,17}|(5\d|2[2-7])\d{14}|(5[06-8]|6\d)\d{10,17}|(9792|81|82)\d{12,14})$`)

func isCard(digits string) bool {
	if len(digits) < 13 || len(digits) > 19 || !networks().MatchString(digits) {
		return false
	}
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// remainder divides a number of any length.
func remainder(digits string, by int) int {
	n := 0
	for _, d := range digits {
		n = (n*10 + int(d-'0')) % by
	}
	return n
}
