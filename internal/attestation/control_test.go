package attestation

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mandat/internal/throttle"
	"mandat/internal/token"
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

// A file's hash beside each word buys no more tries.
func TestCheck_AHashBesideTheWordBuysNothing(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	tok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t)
	for i := range 20 {
		from := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		_, _, err := w.press.Check(t.Context(), tok, Shown{Word: newControlWord(), SHA256: token.Bytes(32)}, from)
		if errors.As(err, new(throttle.WaitError)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("twenty words were tried at one address")
}
