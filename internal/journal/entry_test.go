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

	"mandat/internal/journal/format"
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
	s := [format.SaltSize]byte(bytes.Repeat([]byte{salt}, format.SaltSize))
	c := format.Commitment(s, body)
	leaf := format.LeafHash(c)
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
		if !format.IsCanonical([]byte(v.Entry)) {
			t.Errorf("%s is not canonical to the scanner", v.Entry)
		}
	}
}

func TestCanonical_RefusesWhatHasNoForm(t *testing.T) {
	t.Parallel()
	for name, detail := range map[string]any{
		"a fraction": map[string]any{"a": 1.5}, "a large number": map[string]any{"a": 1 << 53}, "a null in a list": map[string]any{"a": []any{nil}},
		"a capital": map[string]any{"A": 1}, "a NUL": map[string]any{"a": "\x00"}, "too deep": map[string]any{"a": []any{[]any{[]any{[]any{[]any{[]any{[]any{}}}}}}}},
		"too long": map[string]any{"a": strings.Repeat("x", format.MaxBody)}, "no JSON": map[string]any{"a": func() {}},
	} {
		if b, err := canonical(Event{Action: "a.b", Detail: detail}, Program(), time.Now()); err == nil {
			t.Errorf("%s becomes %s", name, b)
		}
	}
}
