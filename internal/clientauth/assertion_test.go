package clientauth_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/clientauth"
)

func TestAuthenticate_Assertions(t *testing.T) {
	t.Parallel()
	key, rsa := newSigner(t, "1"), newRSA(t, "r")
	second, spare := newSigner(t, "2"), newSigner(t, "e")
	w := newWorld(t, keyed(t, "key", key, second), keyed(t, "rsa", rsa, spare), service("post", client.SecretPost))
	now := w.clock.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	stranger := newSigner(t, "1")
	for name, c := range map[string]struct{ want, raw string }{
		"ES256":                      {"key", key.sign(t, w.claims("key", "a"))},
		"RS256":                      {"rsa", rsa.sign(t, w.claims("rsa", "a"))},
		"second key":                 {"key", second.sign(t, w.claims("key", "b"))},
		"without kid":                {"key", signer{"", key.alg, key.key}.sign(t, w.claims("key", "c"))},
		"another client's jti":       {"key", key.sign(t, w.claims("key", "of-rsa"))},
		"typ JWT":                    {"key", key.sign(t, w.claims("key", "d"), "typ", "JWT")},
		"typ of assertions":          {"key", key.sign(t, w.claims("key", "e"), "typ", "client-authentication+jwt")},
		"issuer and token endpoint":  {"key", key.sign(t, w.claims("key", "f", "aud", []string{issuer, issuer + "/token"}))},
		"expires in five minutes":    {"key", key.sign(t, w.claims("key", "g", "exp", at(5*time.Minute)))},
		"no iat":                     {"key", key.sign(t, w.claims("key", "h", "iat", nil))},
		"clock a little ahead":       {"key", key.sign(t, w.claims("key", "i", "iat", at(20*time.Second), "nbf", at(20*time.Second)))},
		"other typ":                  {"", key.sign(t, w.claims("key", "1"), "typ", "dpop+jwt")},
		"other algorithm":            {"invalid_client", spare.sign(t, w.claims("rsa", "2"))},
		"another's key":              {"invalid_client", key.sign(t, w.claims("rsa", "3"))},
		"a key of nobody":            {"invalid_client", stranger.sign(t, w.claims("key", "4"))},
		"kid of another key":         {"invalid_client", signer{"2", key.alg, key.key}.sign(t, w.claims("key", "5"))},
		"no jti":                     {"", key.sign(t, w.claims("key", "", "jti", nil))},
		"long jti":                   {"", key.sign(t, w.claims("key", strings.Repeat("x", 300)))},
		"no exp":                     {"", key.sign(t, w.claims("key", "6", "exp", nil))},
		"expired":                    {"invalid_client", key.sign(t, w.claims("key", "7", "exp", at(-time.Minute)))},
		"expires late":               {"invalid_client", key.sign(t, w.claims("key", "8", "exp", at(10*time.Minute)))},
		"made long ago":              {"invalid_client", key.sign(t, w.claims("key", "9", "iat", at(-10*time.Minute)))},
		"made in the future":         {"invalid_client", key.sign(t, w.claims("key", "10", "iat", at(2*time.Minute)))},
		"not yet":                    {"invalid_client", key.sign(t, w.claims("key", "11", "nbf", at(2*time.Minute)))},
		"token endpoint alone":       {"invalid_client", key.sign(t, w.claims("key", "12", "aud", issuer+"/token"))},
		"another provider":           {"invalid_client", key.sign(t, w.claims("key", "13", "aud", "https://other.exemple.test"))},
		"another provider beside us": {"invalid_client", key.sign(t, w.claims("key", "14", "aud", []string{issuer, "https://other.exemple.test"}))},
		"no audience":                {"invalid_client", key.sign(t, w.claims("key", "15", "aud", nil))},
		"issuer is not subject":      {"", key.sign(t, w.claims("key", "16", "iss", "rsa"))},
		"no subject":                 {"", key.sign(t, w.claims("key", "17", "sub", nil))},
		"unknown client":             {"invalid_client", key.sign(t, w.claims("unknown", "18"))},
		"client with a secret":       {"invalid_client", key.sign(t, w.claims("post", "19"))},
		"too long":                   {"", key.sign(t, w.claims("key", "20", "x", strings.Repeat("x", 9000)))},
	} {
		if _, err := clientauth.ParseAssertion(c.raw); (err == nil) != (c.want != "") {
			t.Errorf("%s: parsed: %v", name, err)
		}
		want := c.want
		if want == "" {
			want = "invalid_client"
		}
		form := asserting(c.raw)
		if got := w.answer(t, posted(form)); got != want && got != "slow_down" || got == "slow_down" && want != "invalid_client" {
			t.Errorf("%s: %s", name, got)
		}
	}
	// What a client sends beside its assertion is not about somebody else.
	form := asserting(key.sign(t, w.claims("key", "21")))
	form.Set("client_id", "rsa")
	if got := w.answer(t, posted(form)); got == "key" || got == "rsa" {
		t.Error(got)
	}
}

// An assertion is good once, whoever is faster, and as long as it would be good; then the row goes.
func TestAuthenticate_AssertionIsGoodOnce(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "1")
	w := newWorld(t, keyed(t, "key", key), keyed(t, "twin", key))
	raw := key.sign(t, w.claims("key", "once", "iat", nil))
	var won atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if w.answer(t, posted(asserting(raw))) == "key" {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 passed", won.Load())
	}
	if got := w.answer(t, posted(asserting(key.sign(t, w.claims("twin", "once"))))); got != "twin" {
		t.Errorf("another client's jti: %s", got)
	}
	w.clock.Advance(85 * time.Second) // it has expired, and is still within the difference of clocks
	if err := w.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.answer(t, posted(asserting(raw))); got != "invalid_client" {
		t.Errorf("after the purge: %s", got)
	}
}

func FuzzParseAssertion(f *testing.F) {
	key := newSigner(f, "1")
	f.Add("")
	f.Add("a.b.c")
	f.Add(key.sign(f, map[string]any{"iss": "a", "sub": "a", "aud": issuer, "jti": "1", "exp": 4102444800}))
	f.Add(key.sign(f, map[string]any{"iss": "a", "sub": "a", "aud": []string{issuer}, "jti": "1", "exp": 1e300, "iat": -1}, "typ", "JWT"))
	f.Add(newRSA(f, "r").sign(f, map[string]any{"iss": "a", "sub": "b", "exp": "soon"}))
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := clientauth.ParseAssertion(raw)
		if err != nil {
			return
		}
		if a.Client == "" || len(a.Client) > client.MaxID || a.ID == "" || a.Expiry.IsZero() || a.Algorithm != "ES256" && a.Algorithm != "RS256" || strings.Count(raw, ".") != 2 {
			t.Errorf("%+v", a)
		}
	})
}
