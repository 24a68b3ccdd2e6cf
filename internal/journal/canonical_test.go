package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// vector is a golden vector of the format, which other implementations can test against.
type vector struct {
	Entry      string `json:"entry"`
	Salt       string `json:"salt"`
	Commitment string `json:"commitment"`
	Leaf       string `json:"leaf"`
}

func vectorOf(t *testing.T, e Event, by Actor, salt byte) vector {
	t.Helper()
	body, err := canonical(e, by, time.Date(2026, 11, 21, 11, 12, 13, 14_000, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	s := [SaltSize]byte(bytes.Repeat([]byte{salt}, SaltSize))
	c := Commitment(s, body)
	leaf := LeafHash(c)
	b64 := base64.StdEncoding.EncodeToString
	return vector{string(body), b64(s[:]), b64(c[:]), b64(leaf[:])}
}

// The format is for ever: this test may get vectors, and never changes one.
func TestFormat_IsWhatItAlwaysWas(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	type detail struct {
		Text  string   `json:"text"`
		List  []string `json:"list"`
		Count int      `json:"count"`
		Yes   bool     `json:"yes"`
		None  *string  `json:"none"`
	}
	got := []vector{
		vectorOf(t, Event{Action: "session.closed"}, Program(), 0),
		vectorOf(t, Event{Action: "mandate.signed", Organisation: id(1), Citizen: id(2), Mandate: id(3), Detail: detail{"é<&>\u2028\"\\/\n\x01\x7f😀", []string{"a", ""}, -42, true, nil}},
			Actor{Kind: Aidant, Person: id(4), Organisation: id(1)}, 0xab),
		vectorOf(t, Event{Action: "power.used", Detail: struct{}{}}, Actor{Kind: Auditor, Person: id(5)}, 0xff),
	}
	b, err := os.ReadFile("testdata/format.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []vector
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, v := range got {
		if !isCanonical([]byte(v.Entry)) {
			t.Errorf("%s is not canonical to the scanner", v.Entry)
		}
	}
}

func TestIsCanonical(t *testing.T) {
	t.Parallel()
	for _, good := range []string{`{}`, `{"a":{},"b":[],"c":[1,-1,0],"d":true,"e":false,"f_1":"é\n\u001f\"\\"}`, `{"a":9007199254740991}`, `{"a":[[[[[[]]]]]]}`,
		"{\"a\":\"\u2028\x7f\U0001F600\"}"} {
		if !isCanonical([]byte(good)) {
			t.Errorf("%s is canonical", good)
		}
	}
	for _, bad := range []string{``, `[]`, `"a"`, `1`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1}}`, `{"a":1} `, ` {"a":1}`, `{"a": 1}`, `{"a":1, "b":1}`, "{\"a\":1}\n",
		`{"b":1,"a":1}`, `{"a":1,"a":1}`, `{"a":null}`, `{"a":1.0}`, `{"a":1e3}`, `{"a":01}`, `{"a":-0}`, `{"a":-}`, `{"a":9007199254740992}`, `{"a":+1}`, `{"":1}`, `{"A":1}`, `{"é":1}`,
		`{"a":"\/"}`, `{"a":"\u0041"}`, `{"a":"\u000a"}`, `{"a":"\u0000"}`, `{"a":"\u001F"}`, `{"a":"\u00e9"}`, `{"a":"\ud83d\ude00"}`, `{"a":"\x"}`, `{"a":"\`, `{"a":"\u00`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}",
		`{"a":tru}`, `{"a":trueb":1}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 ,2]}`, `{"a":[[[[[[[[]]]]]]]]}`, `{"a":"` + strings.Repeat("x", maxBody) + `"}`, `{"` + strings.Repeat("k", 65) + `":1}`} {
		if isCanonical([]byte(bad)) {
			t.Errorf("%q is not canonical", bad)
		}
	}
}

func TestCanonical_RefusesWhatHasNoForm(t *testing.T) {
	t.Parallel()
	for name, detail := range map[string]any{
		"a fraction": map[string]any{"a": 1.5}, "a large number": map[string]any{"a": 1 << 53}, "a null in a list": map[string]any{"a": []any{nil}},
		"a capital": map[string]any{"A": 1}, "a NUL": map[string]any{"a": "\x00"}, "too deep": map[string]any{"a": []any{[]any{[]any{[]any{[]any{[]any{[]any{}}}}}}}},
		"too long": map[string]any{"a": strings.Repeat("x", maxBody)}, "no JSON": map[string]any{"a": func() {}},
	} {
		if b, err := canonical(Event{Action: "a.b", Detail: detail}, Program(), time.Now()); err == nil {
			t.Errorf("%s becomes %s", name, b)
		}
	}
}

// Whatever the scanner takes for canonical, the writer writes again byte for byte.
func FuzzIsCanonical(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,true,"\u001f"]},"c":"é"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !isCanonical(b) {
			return
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%q is no JSON: %v", b, err)
		}
		again, err := appendCanonical(nil, v, 1)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written as %q, %v", b, again, err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	c := Commitment([SaltSize]byte{}, []byte("{}"))
	f.Add(appendLine(nil, 12, c[:], make([]byte, SaltSize), []byte("{}")))
	f.Add(appendLine(nil, 0, c[:], nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, what := parseLine(bytes.Clone(b))
		if what != "" {
			return
		}
		salt := l.salt[:]
		if l.over {
			salt = nil
		}
		if again := appendLine(nil, l.index, l.commitment[:], salt, l.body); string(again) != string(b)+"\n" {
			t.Errorf("%q is written as %q", b, again)
		}
	})
}
