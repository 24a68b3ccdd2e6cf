package draw

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"mandat/internal/journal/stamp"
)

// Whoever keeps a timestamp cannot make another draw of it: what the authority's signature can be turned into without its key draws the same.
func TestSeed_HasOneSpellingOfTheTimestamp(t *testing.T) {
	t.Parallel()
	w, place := drawable(t, 100, 7, rsa, nil)
	before, err := w.recompute(place, "")
	w.must(err)
	size := before.Drawn.Size
	token := w.stamps[size]
	other := respelt(w, token)
	if bytes.Equal(other, token) {
		t.Fatal("the timestamp is the same")
	}
	if _, err := stamp.Verify(other, stamp.Sum([]byte(before.Drawn.Text())), w.authority.Roots()); err != nil {
		t.Fatalf("the other spelling is not good: %v", err)
	}
	w.stamps[size] = other
	after, err := w.recompute(place, "")
	if err != nil || !slices.Equal(after.Stated.Places, before.Stated.Places) {
		t.Errorf("drawn with the other spelling: %v, %v; before %v", after.Stated.Places, err, before.Stated.Places)
	}
	w.agree("the other spelling", place, "")
}

// respelt is a timestamp with (r, n-s) in the place of the signature (r, s), which is its last element.
func respelt(w *world, token []byte) []byte {
	w.t.Helper()
	var v asn1.RawValue
	_, err := asn1.Unmarshal(token, &v)
	w.must(err)
	if !v.IsCompound {
		var sig struct{ R, S *big.Int }
		_, err := asn1.Unmarshal(v.Bytes, &sig)
		w.must(err)
		sig.S.Sub(elliptic.P256().Params().N, sig.S)
		content, err := asn1.Marshal(sig)
		w.must(err)
		out, err := asn1.Marshal(content)
		w.must(err)
		return out
	}
	rest, last := v.Bytes, []byte(nil)
	for len(rest) > 0 {
		last = rest
		rest, err = asn1.Unmarshal(rest, &asn1.RawValue{})
		w.must(err)
	}
	content := slices.Concat(v.Bytes[:len(v.Bytes)-len(last)], respelt(w, last))
	out, err := asn1.Marshal(asn1.RawValue{Class: v.Class, Tag: v.Tag, IsCompound: true, Bytes: content})
	w.must(err)
	return out
}
