package format

import (
	"bytes"
	"encoding/hex"
	"errors"
)

// MaxSums is the most bytes of a list of the files of an export: enough for a thousand million entries.
const MaxSums = 8 << 20

// AppendSum writes the line of a file, as sha256sum writes and reads it.
func AppendSum(b []byte, sum Hash, name string) []byte {
	b = hex.AppendEncode(b, sum[:])
	return append(append(append(b, ' ', ' '), name...), '\n')
}

var errSums = errors.New(SumsName + " is not a list of files in the order of their names")

// ParseSums reads a list of files in exactly the form that AppendSum writes, in the order of their names.
func ParseSums(text []byte) (map[string]Hash, error) {
	const digits = 2 * len(Hash{})
	out := make(map[string]Hash, min(bytes.Count(text, []byte{'\n'}), len(text)/(digits+4))) // a stranger's: no more than there can be
	last := ""
	for len(text) > 0 {
		line, rest, ok := bytes.Cut(text, []byte{'\n'})
		if !ok || len(line) < digits+3 || line[digits] != ' ' || line[digits+1] != ' ' {
			return nil, errSums
		}
		var sum Hash
		if _, err := hex.Decode(sum[:], line[:digits]); err != nil || !bytes.Equal(hex.AppendEncode(nil, sum[:]), line[:digits]) {
			return nil, errSums
		}
		name := string(line[digits+2:])
		if name <= last {
			return nil, errSums
		}
		out[name], last, text = sum, name, rest
	}
	return out, nil
}
