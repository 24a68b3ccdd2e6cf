package oidc

import (
	"crypto"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// secret is that of the client "symmetric", whose tokens are signed with it.
var secret = []byte("a-secret-of-at-least-thirty-two-bytes")

func secretOf(client string) []byte {
	if client == "symmetric" {
		return secret
	}
	return nil
}

func mustSign(t *testing.T, set *KeySet, alg, typ string, claims any) string {
	t.Helper()
	raw, err := set.Sign(alg, typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestOpenHint(t *testing.T) {
	t.Parallel()
	set := both(t)
	mac, err := SignHS256(secret, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h", Audience: "symmetric"})
	if err != nil {
		t.Fatal(err)
	}
	for alg, raw := range map[string]string{ES256: mustSign(t, set, ES256, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h"}),
		RS256: mustSign(t, set, RS256, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h", Expiry: 1}), HS256: mac} {
		if claims, err := set.OpenHint(raw, secretOf); err != nil || claims.Subject != "s" {
			t.Errorf("%s: %+v %v", alg, claims, err)
		}
	}
	if _, err := set.OpenHint(mac, nil); !errors.Is(err, ErrToken) {
		t.Errorf("HS256 where no client has it: %v", err)
	}
}

// Whatever place a key has, its tokens open; and those of a key that is gone do not.
func TestOpenHint_AfterRotations(t *testing.T) {
	t.Parallel()
	one, two, three := ec(t), ec(t), ec(t)
	before, err1 := NewKeySet(Keys{Current: one, Next: two.Public()})
	after, err2 := NewKeySet(Keys{Current: two, Next: three.Public(), Old: []crypto.PublicKey{one.Public()}})
	gone, err3 := NewKeySet(Keys{Current: two, Next: three.Public()})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	raw := mustSign(t, before, ES256, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h"})
	if _, err := after.OpenHint(raw, nil); err != nil {
		t.Errorf("the old key: %v", err)
	}
	if _, err := before.OpenHint(mustSign(t, after, ES256, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h"}), nil); err != nil {
		t.Errorf("a server that has not looked yet: %v", err)
	}
	if _, err := gone.OpenHint(raw, nil); !errors.Is(err, ErrToken) {
		t.Errorf("a key that is gone: %v", err)
	}
}

func TestOpenHint_Refuses(t *testing.T) {
	t.Parallel()
	set, foreign := both(t), both(t)
	good := IDToken{Subject: "s", AccessTokenHash: "h", Audience: "asymmetric"}
	forge := func(alg jose.SignatureAlgorithm, key any, kid string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(TypeJWT).WithHeader("kid", kid))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := jwt.Signed(signer).Claims(good).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	signed := mustSign(t, set, ES256, TypeJWT, good)
	parts := strings.Split(signed, ".")
	mac := func(audience string, with []byte) string {
		raw, err := SignHS256(with, TypeJWT, IDToken{Subject: "s", AccessTokenHash: "h", Audience: audience})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	own := set.public.Keys
	for name, token := range map[string]string{
		"another's": mustSign(t, foreign, ES256, TypeJWT, good), "changed": parts[0] + "." + parts[1] + "A." + parts[2], "empty": "", "garbage": "a.b.c",
		"HS256 with our key set as the secret": forge(jose.HS256, set.JWKS(), own[0].KeyID), "unknown kid": forge(jose.ES256, set.signers[ES256].Key, "another"), "no kid": forge(jose.ES256, set.signers[ES256].Key, ""),
		"RS256 with another algorithm of that key": forge(jose.PS256, rsaKeys()[0], own[2].KeyID), "RS256 that names an EC key": forge(jose.RS256, rsaKeys()[0], own[0].KeyID),
		"HS256 of a client that has not that algorithm": mac("asymmetric", secret), "HS256 of nobody": mac("", secret), "HS256 with another secret": mac("symmetric", []byte(strings.Repeat("x", 32))),
		"alg none": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".",
		"userinfo": mustSign(t, set, ES256, TypeJWT, UserInfo{Issuer: "i", Audience: "a", Subject: "s"}), "a logout token": mustSign(t, set, ES256, TypeLogout, good), "a receipt": mustSign(t, set, ES256, "mandate-receipt+jwt", good),
	} {
		if _, err := set.OpenHint(token, secretOf); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := set.OpenHint(signed, secretOf); err != nil {
		t.Error(err)
	}
}
