package stamp_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"mandat/internal/journal/stamp"
)

// respelt is a value in DER of which the last primitive one, which is the signature in a timestamp, has other contents.
func respelt(t testing.TB, der []byte, contents func([]byte) []byte) []byte {
	t.Helper()
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 {
		t.Fatal(err)
	}
	if !v.IsCompound {
		v.Bytes = contents(v.Bytes)
	} else {
		last := v.Bytes
		for rest := v.Bytes; len(rest) > 0; {
			var child asn1.RawValue
			var err error
			last = rest
			if rest, err = asn1.Unmarshal(rest, &child); err != nil {
				t.Fatal(err)
			}
		}
		v.Bytes = slices.Concat(v.Bytes[:len(v.Bytes)-len(last)], respelt(t, last, contents))
	}
	out, err := asn1.Marshal(asn1.RawValue{Class: v.Class, Tag: v.Tag, IsCompound: v.IsCompound, Bytes: v.Bytes})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Anybody can turn the second number of an ECDSA signature round, and it is good still: what a draw is made from is not changed by it.
func TestVerify_AnotherSpellingOfTheSignature(t *testing.T) {
	t.Parallel()
	a, sum := newAuthority(t), stamp.Sum(text)
	token := given(t, a, sum)
	other := respelt(t, token, func(signature []byte) []byte {
		var two struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(signature, &two); err != nil {
			t.Fatal(err)
		}
		two.S.Sub(elliptic.P256().Params().N, two.S)
		out, err := asn1.Marshal(two)
		if err != nil {
			t.Fatal(err)
		}
		return out
	})
	first, err := stamp.Verify(token, sum, a.Roots())
	must(t, err)
	second, err := stamp.Verify(other, sum, a.Roots())
	must(t, err)
	if bytes.Equal(token, other) || len(first.Signature) < 30 || !bytes.Equal(first.Signature, second.Signature) {
		t.Errorf("%x and %x", first.Signature, second.Signature)
	}
	again, err := stamp.Verify(given(t, a, sum), sum, a.Roots())
	must(t, err)
	if bytes.Equal(again.Signature, first.Signature) {
		t.Error("another timestamp gives the same")
	}
}
