package tree

import (
	"strings"
	"testing"
)

func TestSigner_HidesItsKey(t *testing.T) {
	t.Parallel()
	secret, public, err := GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(" " + secret + "\n")
	if err != nil || s.VerifierKey() != public || s.Origin() != testOrigin || strings.Contains(s.GoString(), secret[20:]) {
		t.Errorf("%#v, %v", s, err)
	}
	if _, err := NewSigner("PRIVATE+KEY+x"); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("%v", err)
	}
}
