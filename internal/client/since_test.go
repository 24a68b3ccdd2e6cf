package client_test

import (
	"crypto/elliptic"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/token"
)

// What was given before a service was closed, or before credentials of its own were taken back, counts no more: what another server gives that has not
// heard of the change neither. A change of anything else leaves it.
func TestCounts_UntilCredentialsAreTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	if _, err := w.Register(ctx, ada, id, service()); err != nil {
		t.Fatal(err)
	}
	first, second := jose.JSONWebKey{Key: elliptical(t, elliptic.P256()).Public(), KeyID: "1"}, jose.JSONWebKey{Key: elliptical(t, elliptic.P256()).Public(), KeyID: "2"}
	change := func(to func(*client.Client)) func() error {
		return func() error {
			r, err := w.Look(ctx, ada, id.String())
			if err != nil {
				return err
			}
			c := r.Client
			to(&c)
			_, err = w.Change(ctx, ada, id.String(), r.Version, c)
			return err
		}
	}
	keys := func(all ...jose.JSONWebKey) func(*client.Client) {
		return func(c *client.Client) {
			text, err := json.Marshal(jose.JSONWebKeySet{Keys: all})
			if err != nil {
				t.Fatal(err)
			}
			c.Auth, c.AuthAlg, c.JWKSURI, c.JWKS = client.PrivateKeyJWT, "ES256", "", text
		}
	}
	renamed := first
	renamed.KeyID = "one"
	for _, c := range []struct {
		what  string
		do    func() error
		ends  bool
		after time.Duration // until when it does for others
	}{
		{"a secret in its time", func() error { _, err := w.Replace(ctx, ada, id.String(), false); return err }, false, 0},
		{"the name", change(func(c *client.Client) { c.Name = "Autre" }), false, 0},
		{"closed and opened", func() error {
			if err := w.Close(ctx, ada, id.String()); err != nil {
				return err
			}
			return w.Reopen(ctx, ada, id.String())
		}, true, 0},
		{"a stolen secret", func() error { _, err := w.Replace(ctx, ada, id.String(), true); return err }, true, client.Fresh},
		{"the way of the secret", change(func(c *client.Client) { c.Auth = client.SecretBasic }), false, 0},
		{"a key instead of the secret", change(keys(first)), true, client.Fresh},
		{"a second key", change(keys(second, first)), false, 0},
		{"another kid", change(keys(renamed, second)), false, 0},
		{"a key less", change(keys(second)), true, client.Fresh},
		{"keys elsewhere", change(func(c *client.Client) { c.JWKS, c.JWKSURI = nil, "https://service.exemple.test/jwks" }), true, client.Fresh},
		{"keys still elsewhere", change(func(c *client.Client) { c.JWKSURI += "2" }), true, client.Fresh},
		{"the procedures", change(func(c *client.Client) { c.Decision = true }), false, 0},
		{"a secret instead of keys", change(func(c *client.Client) { c.Auth, c.AuthAlg, c.JWKSURI = client.SecretPost, "", "" }), true, client.Fresh},
	} {
		before := w.Clock.Now()
		w.Clock.Advance(time.Minute)
		if err := c.do(); err != nil {
			t.Fatal(c.what, err)
		}
		now, err := w.Find(ctx, id.String())
		if err != nil {
			t.Fatal(c.what, err)
		}
		w.Clock.Advance(c.after + time.Second)
		if now.Counts(before) == c.ends || !now.Counts(w.Clock.Now()) || c.after > 0 && now.Counts(before.Add(time.Minute+c.after/2)) {
			t.Errorf("%s: before %t, now %t, since %v", c.what, now.Counts(before), now.Counts(w.Clock.Now()), now.TokensSince)
		}
		ada.FactorAt = w.Clock.Now()
	}
	if n := w.number(t, `select count(*) from client where registration::text like '%since%'`); n != 0 {
		t.Error("a registration says it too")
	}
	if found := w.differences(t); len(found) != 0 {
		t.Error(found)
	}
}

// An administrator's form does not set it, the operator's file may.
func TestTokensSince_IsTheFilesToSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ada, id := t.Context(), w.Administrator(t, "ada"), token.ID()
	c := service()
	c.TokensSince = w.Clock.Now().Add(time.Hour)
	if _, err := w.Register(ctx, ada, id, c); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Find(ctx, id.String()); err != nil || !got.TokensSince.IsZero() {
		t.Errorf("%+v %v", got, err)
	}
	file := `[{"client_id":"a","client_name":"A","client_secret":"` + strings.Repeat("x", 32) + `","kind":"service","procedures":["x"],"tokens_since":"2026-11-23T00:00:00Z","token_endpoint_auth_method":"client_secret_post","redirect_uris":["https://a.test/cb"]}]`
	all, err := client.Read(strings.NewReader(file))
	if err != nil || !slices.ContainsFunc(all, func(c client.Client) bool {
		return !c.Counts(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) && c.Counts(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	}) {
		t.Errorf("%+v %v", all, err)
	}
}
