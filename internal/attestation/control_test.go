package attestation

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestControlWords_AreToldApart(t *testing.T) {
	t.Parallel()
	list := strings.Fields(controlWords)
	if len(list) != 256 || !slices.IsSorted(list) {
		t.Fatalf("%d words, in order: %v", len(list), slices.IsSorted(list))
	}
	for i, w := range list {
		if len(w) < 4 || len(w) > 10 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is not plain", w)
		}
		if i > 0 && strings.HasPrefix(w, list[i-1]) {
			t.Errorf("%q begins with %q", w, list[i-1])
		}
	}
	drawn := map[string]bool{}
	for range 500 {
		w := newControlWord()
		if strings.Count(w, "-") != controlLength-1 || drawn[w] {
			t.Errorf("drew %q", w)
		}
		drawn[w] = true
	}
}

func TestControlMAC_TakesWhatPeopleType(t *testing.T) {
	t.Parallel()
	right := controlMAC("token", "lune-pomme-sapin-tasse")
	for _, typed := range []string{"lune pomme sapin tasse", " LUNE-Pomme, sapin  tasse. ", "lunepommesapintasse", "lùne pômme sapin tassé", "lune\u2011pomme\u2011sapin\u2011tasse"} {
		if !bytes.Equal(controlMAC("token", typed), right) {
			t.Errorf("%q is not taken", typed)
		}
	}
	for _, typed := range []string{"", "lune pomme sapin", "pomme lune sapin tasse", "lune pomme sapin tasses", strings.Repeat("-", maxTyped) + "lune-pomme-sapin-tasse"} {
		if bytes.Equal(controlMAC("token", typed), right) {
			t.Errorf("%q is taken", typed)
		}
	}
	if bytes.Equal(controlMAC("other", "lune-pomme-sapin-tasse"), right) {
		t.Error("the word of one address is that of another")
	}
}
