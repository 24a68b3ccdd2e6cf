package proconnect_test

import (
	"testing"

	"mandat/internal/browse"
	"mandat/internal/rogue"
)

// A key that ProConnect has rotated is found; one that it does not publish is not believed; and whoever makes up
// signatures cannot make us ask for the keys more than once a minute.
func TestKeys_RotationAndLimit(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	for range 3 {
		d.SignIn(t, browse.New())
	}
	if n := p.Count(rogue.JWKS); n != 1 {
		t.Errorf("keys asked for %d times", n)
	}
	p.Rotate(true)
	b := browse.New()
	d.SignIn(t, b)
	if b.H1() != "espace" || p.Count(rogue.JWKS) != 2 {
		t.Fatalf("%s, keys asked for %d times", b.H1(), p.Count(rogue.JWKS))
	}
	p.Rotate(false)
	for range 5 {
		b := browse.New()
		d.SignIn(t, b)
		expect(t, d, b, "wrong_answer")
	}
	if n := p.Count(rogue.JWKS); n != 2 {
		t.Errorf("keys asked for %d times", n)
	}
}

func TestKeys_UnpublishedIsRefused(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	d.SignIn(t, browse.New())
	p.Rotate(false)
	b := browse.New()
	d.SignIn(t, b)
	expect(t, d, b, "wrong_answer")
	if n := p.Count(rogue.JWKS); n != 2 {
		t.Errorf("keys asked for %d times", n)
	}
}
