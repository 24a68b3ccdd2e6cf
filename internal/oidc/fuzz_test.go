package oidc

import (
	"errors"
	"strings"
	"testing"
)

// FuzzOpenHint presents made-up ID tokens at logout: none is believed but one whose every signed byte we signed.
func FuzzOpenHint(f *testing.F) {
	current, err1 := GenerateKey(ES256)
	next, err2 := GenerateKey(ES256)
	if err := errors.Join(err1, err2); err != nil {
		f.Fatal(err)
	}
	set, err := NewKeySet(Keys{Current: current, Next: next.Public()}, Keys{Current: rsaKeys()[0], Next: rsaKeys()[1].Public()})
	if err != nil {
		f.Fatal(err)
	}
	claims := IDToken{Issuer: "i", Audience: "a", Subject: "s", AccessTokenHash: "h"}
	secret := []byte("0123456789abcdef0123456789abcdef")
	ours := map[string]bool{}
	seed := func(raw string, err error) {
		if err != nil {
			f.Fatal(err)
		}
		ours[raw[:strings.LastIndex(raw, ".")]] = true
		f.Add(raw)
		f.Add(raw[:strings.LastIndex(raw, ".")+1])
		f.Add(strings.Replace(raw, "e", "f", 1))
	}
	seed(set.Sign(ES256, TypeJWT, claims))
	seed(set.Sign(RS256, TypeJWT, claims))
	seed(SignHS256(secret, TypeJWT, claims))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("")
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := set.OpenHint(raw, func(client string) []byte {
			if client == "a" {
				return secret
			}
			return nil
		})
		if at := strings.LastIndex(raw, "."); err == nil && !ours[raw[:max(at, 0)]] {
			t.Errorf("believed %q", raw)
		}
	})
}
