package signingkey_test

import (
	"errors"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

// place is a database with keys, and a ring on it.
type place struct {
	*fixture.World
	ring   *signingkey.Ring
	source signingkey.Source
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{World: fixture.New(t), source: fixture.Source()}
	p.ring = p.server(t)
	return p
}

// server is another program on the same database, started now.
func (p *place) server(t *testing.T) *signingkey.Ring {
	t.Helper()
	r := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, p.source)
	must(t, r.Open(t.Context()))
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hint signs an ID token with a ring's current key.
func hint(t *testing.T, r *signingkey.Ring, alg string) string {
	t.Helper()
	raw, err := r.Of(signingkey.IDToken).Sign(alg, oidc.TypeJWT, oidc.IDToken{Subject: "s", AccessTokenHash: "h"})
	must(t, err)
	return raw
}

func opens(r *signingkey.Ring, raw string) bool {
	_, err := r.Of(signingkey.IDToken).OpenHint(raw, nil)
	return err == nil
}

func TestRotate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	before := hint(t, p.ring, oidc.RS256)
	if err := p.ring.Rotate(t.Context(), journal.Program(), signingkey.Command, signingkey.IDToken); !errors.Is(err, signingkey.ErrTooEarly) {
		t.Fatalf("the next key is young: %v", err)
	}
	p.Clock.Advance(signingkey.NextLife)
	must(t, p.ring.Rotate(t.Context(), journal.Program(), signingkey.Command, signingkey.IDToken))
	if !opens(p.ring, before) || !opens(p.ring, hint(t, p.ring, oidc.ES256)) {
		t.Error("a token does not verify after the rotation")
	}
	must(t, p.ring.Rotate(t.Context(), journal.Program(), signingkey.Stolen, signingkey.IDToken))
	if opens(p.ring, before) {
		t.Error("a token of a stolen key is believed")
	}
	p.server(t)
}
