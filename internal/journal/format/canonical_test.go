package format

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestIsCanonical(t *testing.T) {
	t.Parallel()
	for _, good := range []string{`{}`, `{"a":{},"b":[],"c":[1,-1,0],"d":true,"e":false,"f_1":"é\n\u001f\"\\"}`, `{"a":9007199254740991}`, `{"a":[[[[[[]]]]]]}`,
		"{\"a\":\"\u2028\x7f\U0001F600\"}"} {
		if !IsCanonical([]byte(good)) {
			t.Errorf("%s is canonical", good)
		}
	}
	for _, bad := range []string{``, `[]`, `"a"`, `1`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1}}`, `{"a":1} `, ` {"a":1}`, `{"a": 1}`, `{"a":1, "b":1}`, "{\"a\":1}\n",
		`{"b":1,"a":1}`, `{"a":1,"a":1}`, `{"a":null}`, `{"a":1.0}`, `{"a":1e3}`, `{"a":01}`, `{"a":-0}`, `{"a":-}`, `{"a":9007199254740992}`, `{"a":+1}`, `{"":1}`, `{"A":1}`, `{"é":1}`,
		`{"a":"\/"}`, `{"a":"\u0041"}`, `{"a":"\u000a"}`, `{"a":"\u0000"}`, `{"a":"\u001F"}`, `{"a":"\u00e9"}`, `{"a":"\ud83d\ude00"}`, `{"a":"\x"}`, `{"a":"\`, `{"a":"\u00`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}",
		`{"a":tru}`, `{"a":trueb":1}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 ,2]}`, `{"a":[[[[[[[[]]]]]]]]}`, `{"a":"` + strings.Repeat("x", MaxBody) + `"}`, `{"` + strings.Repeat("k", 65) + `":1}`} {
		if IsCanonical([]byte(bad)) {
			t.Errorf("%q is not canonical", bad)
		}
	}
}

// Eight bytes at a time, it finds what byte by byte finds.
func TestPlainUntil_FindsTheFirst(t *testing.T) {
	t.Parallel()
	plain := func(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }
	for c := range 256 {
		for _, around := range []byte{'a', '!', '#', '[', ']', ' ', 0x7f, 0x80, 0xa0, 0xa2, 0xdc, 0xff} {
			for at := range 20 {
				for _, after := range []byte{around, byte(c) + 1, byte(c) ^ 0x80} {
					b := bytes.Repeat([]byte{around}, 20)
					b[at] = byte(c)
					if at+1 < len(b) {
						b[at+1] = after
					}
					want := slices.IndexFunc(b, func(c byte) bool { return !plain(c) })
					if want < 0 {
						want = len(b)
					}
					if got := plainUntil(b, 0); got != want {
						t.Fatalf("in %q: %d, want %d", b, got, want)
					}
				}
			}
		}
	}
}

// Whatever the scanner takes for canonical, the writer writes again byte for byte.
func FuzzIsCanonical(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,true,"\u001f"]},"c":"é"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !IsCanonical(b) {
			return
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%q is no JSON: %v", b, err)
		}
		again, err := Canonical(v)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written as %q, %v", b, again, err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	c := Commitment([SaltSize]byte{}, []byte("{}"))
	f.Add(AppendLine(nil, 12, c[:], make([]byte, SaltSize), []byte("{}")))
	f.Add(AppendLine(nil, 0, c[:], nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, what := ParseLine(bytes.Clone(b))
		if what != "" {
			return
		}
		salt := l.Salt[:]
		if l.Over {
			salt = nil
		}
		if again := AppendLine(nil, l.Index, l.Commitment[:], salt, l.Body); string(again) != string(b)+"\n" {
			t.Errorf("%q is written as %q", b, again)
		}
	})
}
