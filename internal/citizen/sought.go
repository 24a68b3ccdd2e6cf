package citizen

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sought is what somebody typed to find a citizen: words of a name, a birth date, or both.
type Sought struct {
	words []soughtWord
	born  [][]string // each date that was typed, in the forms in which it may be kept
}

// soughtWord is one word, or a compound, which fits by its words or as a whole.
type soughtWord struct{ parts, whole [][]byte }

// The ways to write a date of birth: 1962-08-24, 24/08/1962 (or with blanks, dots or hyphens, or 62), 24081962.
var (
	yearFirst = regexp.MustCompile(`\b(\d{4})\s*[/.\s-]\s*(\d{1,2})\s*[/.\s-]\s*(\d{1,2})\b`)
	dayFirst  = regexp.MustCompile(`\b(\d{1,2})\s*[/.\s-]\s*(\d{1,2})\s*[/.\s-]\s*(\d{4}|\d{2})\b`)
	digits    = regexp.MustCompile(`\b(\d{2})(\d{2})(\d{4})\b`)
)

// Seek reads what was typed.
func Seek(typed string) Sought {
	var s Sought
	take := func(form *regexp.Regexp, day, month, year int) {
		for _, m := range form.FindAllStringSubmatch(typed, -1) {
			s.born = append(s.born, birthdates(m[year], m[month], m[day]))
		}
		typed = form.ReplaceAllString(typed, " ")
	}
	take(yearFirst, 3, 2, 1)
	take(dayFirst, 1, 2, 3)
	take(digits, 1, 2, 3)
	for _, run := range strings.FieldsFunc(typed, func(r rune) bool { return !joins(r) && !unicode.In(r, unicode.Mn, unicode.L, unicode.Nd) }) {
		var w soughtWord
		for _, part := range strings.FieldsFunc(run, joins) {
			if folded := fold(nil, []byte(part)); len(folded) > 0 {
				w.parts = append(w.parts, folded)
			}
		}
		if len(w.parts) > 1 {
			w.whole = [][]byte{append([]byte{' '}, bytes.ReplaceAll(bytes.Join(w.parts, nil), []byte{' '}, nil)...)}
		}
		if w.parts != nil {
			s.words = append(s.words, w)
		}
	}
	return s
}

// birthdates are the forms in which a date may be kept. Of a year of two digits nobody knows the century.
func birthdates(year, month, day string) []string {
	rest := "-" + pad(month) + "-" + pad(day)
	if len(year) == 2 {
		return []string{"19" + year + rest, "20" + year + rest}
	}
	return []string{year + rest}
}

func pad(n string) string {
	if len(n) == 1 {
		return "0" + n
	}
	return n
}

// Letters is how many letters of a name were typed.
func (s Sought) Letters() int {
	n := 0
	for _, w := range s.words {
		for _, p := range w.parts {
			n += utf8.RuneCount(p) - 1
		}
	}
	return n
}

// Dated reports whether a birth date was typed.
func (s Sought) Dated() bool { return s.born != nil }

// fits reports whether each word begins some word of the name, which is folded, and the birth date is each of those typed.
func (s Sought) fits(name, birthdate []byte) bool {
	has := func(word []byte) bool { return bytes.Contains(name, word) }
	all := func(words [][]byte) bool {
		return words != nil && !slices.ContainsFunc(words, func(w []byte) bool { return !has(w) })
	}
	for _, w := range s.words {
		if !all(w.parts) && !all(w.whole) {
			return false
		}
	}
	for _, forms := range s.born {
		if !slices.ContainsFunc(forms, func(f string) bool { return f == string(birthdate) }) {
			return false
		}
	}
	return true
}

// readName reads what a search compares out of an identity as SealIdentity encoded it.
//
// The four members are cut out of the JSON: decoding it takes longer than decrypting it, and a first search does both for a whole organisation. Where
// nothing is escaped, a quotation mark begins or ends a member's name or its value, in turn.
func readName(plain []byte, version uint32) (name, error) {
	n := name{version: version}
	if bytes.IndexByte(plain, '\\') >= 0 {
		var i Identity
		if json.Unmarshal(plain, &i) != nil {
			return n, errors.New("identity: not what was sealed")
		}
		n.folded, n.birthdate = i.folded(nil), []byte(i.Birthdate)
		return n, nil
	}
	for len(plain) > 0 {
		var member, value []byte
		member, plain = quotedText(plain)
		value, plain = quotedText(plain)
		switch string(member) {
		case "given_name", "family_name", "preferred_username":
			n.folded = fold(n.folded, value)
		case "birthdate":
			n.birthdate = bytes.Clone(value)
		}
	}
	return n, nil
}

// quotedText returns what stands between the next two quotation marks, and what comes after them; nothing when there are none.
func quotedText(text []byte) (inside, rest []byte) {
	begin := bytes.IndexByte(text, '"')
	if begin < 0 {
		return nil, nil
	}
	text = text[begin+1:]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return nil, nil
	}
	return text[:end], text[end+1:]
}

// folded appends the folded names.
func (i Identity) folded(dst []byte) []byte {
	for _, name := range []string{i.GivenName, i.FamilyName, i.PreferredUsername} {
		dst = fold(dst, []byte(name))
	}
	return dst
}
