package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// hash64 is the length of 32 bytes in base64.
const hash64 = 44

// maxLine is the most bytes the line of an entry has.
const maxLine = 20 + 1 + hash64 + 1 + hash64 + 1 + maxBody + 1

// line is the line of one entry in an export, without its newline.
type line struct {
	index      int64
	commitment Hash
	over       bool // the entry's time is over: no salt and no body
	salt       [SaltSize]byte
	body       []byte // where it lies in the line
}

// parseLine reads a line in exactly the form that appendLine writes; what is not a fault of form is left to check.
func parseLine(b []byte) (line, string) {
	var l line
	digits, rest, ok := bytes.Cut(b, []byte{' '})
	var err error
	if l.index, err = parseDigits(digits); err != nil || !ok {
		return line{}, "the line does not begin with a number"
	}
	if len(rest) < hash64+2 || rest[hash64] != ' ' || !decode64(l.commitment[:], rest[:hash64]) {
		return l, "the commitment is not 32 bytes in base64"
	}
	rest = rest[hash64+1:]
	if string(rest) == "- -" {
		l.over = true
		return l, ""
	}
	if len(rest) < hash64+2 || rest[hash64] != ' ' || !decode64(l.salt[:], rest[:hash64]) {
		return l, "the salt is not 32 bytes in base64"
	}
	l.body = rest[hash64+1:]
	return l, ""
}

// parseDigits is parseIndex without allocating.
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

func decode64(dst, src []byte) bool {
	var b [sha256.Size + 1]byte // the decoder wants room for the padding
	n, err := base64.StdEncoding.Strict().Decode(b[:], src)
	return err == nil && n == copy(dst, b[:sha256.Size])
}

// check says what about the entry does not fit its own commitment; "" is nothing. It overwrites the bytes before the
// body, so that what is hashed lies in one piece.
func (l *line) check(b []byte) string {
	if l.over {
		return ""
	}
	if !isCanonical(l.body) {
		return "the entry is not canonical JSON"
	}
	whole := b[len(b)-len(l.body)-SaltSize-1:]
	whole[0] = Version
	copy(whole[1:], l.salt[:])
	if Hash(sha256.Sum256(whole)) != l.commitment {
		return "entry and salt are not what the commitment was made of"
	}
	return ""
}
