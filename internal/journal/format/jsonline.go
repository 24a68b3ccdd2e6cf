package format

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// What stands in a line of JSON beside numbers, hashes and entry: always the same, in the same order, so that a line has one form.
const (
	jsonIndex      = `{"index":`
	jsonCommitment = `,"commitment":"`
	jsonSalt       = `","salt":"`
	jsonEntry      = `","entry":`
)

// AppendJSON writes the line of an entry as a JSON object with the members index, commitment, salt and entry; without the last two when
// the entry's time is over. The entry stands there byte for byte as it was hashed.
func AppendJSON(b []byte, index int64, commitment, salt, body []byte) []byte {
	b = strconv.AppendInt(append(b, jsonIndex...), index, 10)
	b = base64.StdEncoding.AppendEncode(append(b, jsonCommitment...), commitment)
	if salt == nil {
		return append(b, "\"}\n"...)
	}
	b = base64.StdEncoding.AppendEncode(append(b, jsonSalt...), salt)
	return append(append(append(b, jsonEntry...), body...), "}\n"...)
}

// ParseJSON reads a line in exactly the form that AppendJSON writes, without its newline; what is not a fault of form is left to Check, which
// wants the line without its last byte.
func ParseJSON(b []byte) (Line, string) {
	var l Line
	rest, ok := bytes.CutPrefix(b, []byte(jsonIndex))
	if !ok {
		return l, "the line does not begin with an index"
	}
	digits, rest, ok := bytes.Cut(rest, []byte{','})
	var err error
	if l.Index, err = parseDigits(digits); err != nil || !ok {
		return Line{}, "the line does not begin with an index"
	}
	rest, ok = cutHash(rest, jsonCommitment[1:], &l.Commitment)
	if !ok {
		return l, "the commitment is not 32 bytes in base64"
	}
	if string(rest) == `"}` {
		l.Over = true
		return l, ""
	}
	if rest, ok = cutHash(rest, jsonSalt, (*Hash)(&l.Salt)); !ok {
		return l, "the salt is not 32 bytes in base64"
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(jsonEntry)); !ok || len(rest) < 2 || rest[len(rest)-1] != '}' {
		return l, "the line is not index, commitment, salt and entry"
	}
	l.Body = rest[:len(rest)-1]
	return l, ""
}

// cutHash reads a hash behind the text that has to stand before it.
func cutHash(b []byte, before string, to *Hash) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(b, []byte(before))
	if !ok || len(rest) < hash64 || !decode64(to[:], rest[:hash64]) {
		return nil, false
	}
	return rest[hash64:], true
}

// Append writes the line of an entry in a form.
func (f Form) Append(b []byte, index int64, commitment, salt, body []byte) []byte {
	if f.JSON() {
		return AppendJSON(b, index, commitment, salt, body)
	}
	return AppendLine(b, index, commitment, salt, body)
}

// Parse reads a line without its newline. b is what Check wants.
func (f Form) Parse(line []byte) (l Line, b []byte, what string) {
	if !f.JSON() {
		l, what = ParseLine(line)
		return l, line, what
	}
	if l, what = ParseJSON(line); what == "" && !l.Over {
		line = line[:len(line)-1]
	}
	return l, line, what
}
