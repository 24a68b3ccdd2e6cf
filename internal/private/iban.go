package private

import (
	"strconv"
	"strings"
)

// ibanLengths are how long the numbers of accounts are, by country, in the order of the register of IBANs (ISO 13616, SWIFT). With n, what follows the
// check digits is digits only. Numbers of other countries are not looked for: words would be taken for them.
const ibanLengths = `ad24 ae23n al28 at20n az28 ba20n be16n bg22 bh22 bi27n br29 by28 ch21 cr22n cy28 cz24n de22n dj27n dk18n do28 ee20n eg29n es24n fi18n fk18
	fo18n fr27 gb22 ge22 gi23 gl18n gr27 gt28 hn28 hr21n hu28n ie22 il23n iq23 is26n it27 jo30 kw30 kz20 lb28 lc32 li21 lt20n lu20 lv21 ly25n ma28n mc27 md24 me22n
	mk19 mn20n mr27n mt31 mu30 ni28 nl18 no15n om23 pk24 pl28n ps29 pt25n qa29 ro24 rs22n ru33 sa24 sc31 sd18n se24n si19n sk24n sm27 so23n st25n sv28 tl23n tn24n
	tr26 ua29 va22n vg24 xk20n dz26n sn28 ci28 bf28 bj28 ml28 ne28 tg28 cm27n cg27n ga27n td27n cf27n km27n mg27n`

// iban is the form of the numbers of one country.
type iban struct {
	length int
	digits bool // nothing but digits after the country
}

// ibans reads the table.
func ibans() map[string]iban {
	out := map[string]iban{}
	for _, line := range strings.Fields(ibanLengths) {
		digits := strings.TrimSuffix(line[2:], "n")
		n, _ := strconv.Atoi(digits) // a test reads them all
		out[line[:2]] = iban{n, digits != line[2:]}
	}
	return out
}

var countries = ibans()

// holdsIBAN looks for numbers of bank accounts: a country, and as many signs as there belong to it, whose check digits are right (ISO 7064, MOD 97-10).
func holdsIBAN(text string) bool {
	for i := range len(text) {
		country, known := iban{}, false
		if i+2 <= len(text) {
			country, known = countries[text[i:i+2]]
		}
		if known && isIBAN(take(text[i:], country.length), country) {
			return true
		}
	}
	return false
}

// take returns the first n letters and digits of a text, passing over a few signs between them; fewer when it has no more.
func take(text string, n int) string {
	var b strings.Builder
	signs := 0
	for _, r := range text {
		switch {
		case isDigit(r) || r >= 'a' && r <= 'z':
			b.WriteRune(r)
			signs = 0
		default:
			signs++
		}
		if b.Len() == n || signs > gap {
			break
		}
	}
	return b.String()
}

func isIBAN(text string, country iban) bool {
	if len(text) != country.length || !isDigit(rune(text[2])) || !isDigit(rune(text[3])) {
		return false
	}
	var digits strings.Builder
	for _, r := range text[4:] + text[:4] {
		if isDigit(r) {
			digits.WriteRune(r)
			continue
		}
		digits.WriteString(strconv.Itoa(int(r-'a') + 10))
	}
	if country.digits && digits.Len() != country.length+2 {
		return false
	}
	return remainder(digits.String(), 97) == 1
}

// holdsRIB looks for French accounts without their country: bank, branch, account and key, or those behind the check digits of their IBAN.
func holdsRIB(text string) bool {
	isKept := func(r rune) bool { return isDigit(r) || r >= 'a' && r <= 'z' }
	return each(groups(text, isKept), 25, isRIB) || each(groups(text, isDigit), 25, isRIB)
}

// ribForm is five digits of a bank, of which none begins with 0 or with more than 4, five of its branch, eleven signs of the account and two of the key.
var ribForm = lazily(`^[1-4]\d{4}\d{5}[0-9a-z]{11}\d\d$`)

// isRIB tells by the key: the whole is divided by 97, its letters counted by their place from A, from J and from S on (Comité français d'organisation et de normalisation
// bancaires).
func isRIB(text string) bool {
	if len(text) == 25 {
		return isRIB(text[2:]) && isIBAN("fr"+text, countries["fr"])
	}
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= 's':
			return r - 's' + '2'
		case r >= 'j':
			return r - 'j' + '1'
		case r >= 'a':
			return r - 'a' + '1'
		}
		return r
	}, text)
	return ribForm().MatchString(text) && remainder(digits, 97) == 0
}
