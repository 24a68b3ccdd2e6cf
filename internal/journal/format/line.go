package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// hash64 is the length of 32 bytes in base64.
const hash64 = 44

// MaxLine is the most bytes the line of an entry has, in either form.
const MaxLine = 20 + 2*hash64 + MaxBody + 64

// Line is the line of one entry in an export, without its newline.
type Line struct {
	Index      int64
	Commitment Hash
	Over       bool // the entry's time is over: no salt and no body
	Salt       [SaltSize]byte
	Body       []byte // where it lies in the line
}

// AppendLine writes the line of an entry: index, commitment, salt, canonical entry. The time of an entry without salt is
// over: what was hashed was deleted, its place in the tree stays.
func AppendLine(b []byte, index int64, commitment, salt, body []byte) []byte {
	b = append(strconv.AppendInt(b, index, 10), ' ')
	b = append(base64.StdEncoding.AppendEncode(b, commitment), ' ')
	if salt == nil {
		return append(b, "- -\n"...)
	}
	b = append(base64.StdEncoding.AppendEncode(b, salt), ' ')
	return append(append(b, body...), '\n')
}

// ParseLine reads a line in exactly the form that AppendLine writes; what is not a fault of form is left to Check.
func ParseLine(b []byte) (Line, string) {
	var l Line
	digits, rest, ok := bytes.Cut(b, []byte{' '})
	var err error
	if l.Index, err = parseDigits(digits); err != nil || !ok {
		return Line{}, "the line does not begin with a number"
	}
	if len(rest) < hash64+2 || rest[hash64] != ' ' || !decode64(l.Commitment[:], rest[:hash64]) {
		return l, "the commitment is not 32 bytes in base64"
	}
	rest = rest[hash64+1:]
	if string(rest) == "- -" {
		l.Over = true
		return l, ""
	}
	if len(rest) < hash64+2 || rest[hash64] != ' ' || !decode64(l.Salt[:], rest[:hash64]) {
		return l, "the salt is not 32 bytes in base64"
	}
	l.Body = rest[hash64+1:]
	return l, ""
}

// parseDigits is ParseIndex without allocating.
func parseDigits(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 16 || (b[0] == '0' && len(b) > 1) {
		return 0, strconv.ErrSyntax
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, strconv.ErrSyntax
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

// strict64 reads one form of 32 bytes only.
var strict64 = base64.StdEncoding.Strict()

func decode64(dst, src []byte) bool {
	var b [sha256.Size + 1]byte // the decoder wants room for the padding
	n, err := strict64.Decode(b[:], src)
	return err == nil && n == copy(dst, b[:sha256.Size])
}

// Check says what about the entry does not fit its own commitment; "" is nothing. b is the line as it was parsed, or a beginning of it
// that ends with the body. It overwrites the bytes before the body, so that what is hashed lies in one piece.
func (l *Line) Check(b []byte) string {
	if l.Over {
		return ""
	}
	if !IsCanonical(l.Body) {
		return "the entry is not canonical JSON"
	}
	if !l.Committed(b) {
		return "entry and salt are not what the commitment was made of"
	}
	return ""
}

// Committed reports whether entry and salt are what the commitment was made of, whatever the entry says. b is as for Check, and so is what happens to it.
func (l *Line) Committed(b []byte) bool {
	whole := b[len(b)-len(l.Body)-SaltSize-1:]
	whole[0] = Version
	copy(whole[1:], l.Salt[:])
	return Hash(sha256.Sum256(whole)) == l.Commitment
}
