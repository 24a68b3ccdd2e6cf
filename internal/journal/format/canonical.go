package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxBody is the most bytes an entry may have; the table has the same check.
const MaxBody = 65000

// What the canonical form allows; scan.go holds others to the same.
const (
	maxDepth   = 8         // objects and lists within each other
	maxKey     = 64        // bytes of a member's name: a-z, 0-9 and _
	maxInteger = 1<<53 - 1 // what every JSON parser reads exactly (RFC 8785 section 3.2.2.3)
)

// Canonical writes a value, as encoding/json reads it with UseNumber, as canonical JSON: members sorted by name, no
// blanks, only the escapes that JSON demands, in their shortest form. Members without a value are left out; fractions are
// refused, and what is longer than MaxBody. It is the subset of RFC 8785 in which nothing depends on floating point or on
// UTF-16.
func Canonical(v any) ([]byte, error) {
	b, err := appendCanonical(nil, v, 1)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxBody {
		return nil, errors.New("longer than an entry may be")
	}
	return b, nil
}

func appendCanonical(b []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	switch v := v.(type) {
	case map[string]any:
		return appendObject(b, v, depth)
	case []any:
		return appendList(b, v, depth)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || n > maxInteger || n < -maxInteger {
			return nil, fmt.Errorf("number %s is not a whole number below 2^53", v)
		}
		return strconv.AppendInt(b, n, 10), nil
	}
	return nil, fmt.Errorf("a value of type %T has no canonical form", v)
}

func appendObject(b []byte, m map[string]any, depth int) ([]byte, error) {
	b = append(b, '{')
	var err error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if m[key] == nil {
			continue
		}
		if !plainKey(key) {
			return nil, fmt.Errorf("%q is no name for a member", key)
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), key...), '"', ':')
		if b, err = appendCanonical(b, m[key], depth+1); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return append(b, '}'), nil
}

func plainKey(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for i := range len(key) {
		if !keyByte[key[i]] {
			return false
		}
	}
	return true
}

func appendList(b []byte, list []any, depth int) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendCanonical(b, v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("a text is not UTF-8")
	}
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == 0:
			return nil, errors.New("a text has a NUL") // PostgreSQL's jsonb cannot hold it
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case shortEscape[c] != 0:
			b = append(b, '\\', shortEscape[c])
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(b, '"'), nil
}

const hexDigits = "0123456789abcdef"

// shortEscape is the letter of the controls that have an escape of two characters.
var shortEscape = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// keyByte tells what a member's name is made of.
var keyByte = func() (is [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789_") {
		is[c] = true
	}
	return is
}()
