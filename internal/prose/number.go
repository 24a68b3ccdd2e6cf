package prose

import "strconv"

// Number writes a whole number with its thousands apart: "12 345" in French, "12,345" in English.
func Number(lang string, n int64) string {
	between := "\u00a0"
	if lang == "en" {
		between = ","
	}
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	out := ""
	for len(digits) > 3 {
		digits, out = digits[:len(digits)-3], between+digits[len(digits)-3:]+out
	}
	return sign + digits + out
}
