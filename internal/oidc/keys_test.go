package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// rsaKeys are two RSA keys for all tests: making them takes longer than the tests.
var rsaKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	one, err1 := rsa.GenerateKey(rand.Reader, leastRSA)
	two, err2 := rsa.GenerateKey(rand.Reader, leastRSA)
	if err1 != nil || err2 != nil {
		panic("no RSA keys")
	}
	return [2]*rsa.PrivateKey{one, two}
})

func ec(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := GenerateKey(ES256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// both makes a set for ES256 and RS256.
func both(t *testing.T) *KeySet {
	t.Helper()
	set, err := NewKeySet(Keys{Current: ec(t), Next: ec(t).Public()}, Keys{Current: rsaKeys()[0], Next: rsaKeys()[1].Public()})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// header reads the protected header of a token in compact form.
func header(t *testing.T, raw string) map[string]any {
	t.Helper()
	out := map[string]any{}
	b, _ := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKeySet_SignsAndPublishes(t *testing.T) {
	t.Parallel()
	set := both(t)
	var public jose.JSONWebKeySet
	if err := json.Unmarshal(set.JWKS(), &public); err != nil {
		t.Fatal(err)
	}
	if len(public.Keys) != 4 {
		t.Fatalf("published: %s", set.JWKS())
	}
	for _, key := range public.Keys {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		if err != nil || !key.IsPublic() || key.Use != "sig" || key.KeyID != base64.RawURLEncoding.EncodeToString(thumbprint) {
			t.Errorf("published: %+v %v", key, err)
		}
	}
	for i, alg := range []string{ES256, RS256} {
		for _, typ := range []string{TypeJWT, "mandate-receipt+jwt", "statuslist+jwt", TypeLogout, TypeIntrospection} {
			raw, err := set.Sign(alg, typ, IDToken{Subject: "s", AccessTokenHash: "h"})
			if err != nil {
				t.Fatal(err)
			}
			head, key := header(t, raw), public.Keys[2*i]
			if len(head) != 3 || head["kid"] != key.KeyID || head["typ"] != typ || head["alg"] != alg || key.Algorithm != alg {
				t.Errorf("header %v, key %+v", head, key)
			}
			parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parsed.Verify(key); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
		}
	}
}

func TestKeySet_SignsWithNothingElse(t *testing.T) {
	t.Parallel()
	only, err := NewKeySet(Keys{Current: ec(t), Next: ec(t).Public()})
	if err != nil {
		t.Fatal(err)
	}
	for alg, set := range map[string]*KeySet{"": both(t), "none": both(t), HS256: both(t), "PS256": both(t), RS256: only, ES256: {}} {
		if raw, err := set.Sign(alg, TypeJWT, IDToken{}); err == nil {
			t.Errorf("%q: %s", alg, raw)
		}
	}
	if got := string((&KeySet{}).JWKS()); got != `{"keys":[]}` {
		t.Errorf("the empty set is %s", got)
	}
	if _, err := only.Sign(ES256, TypeJWT, func() {}); err == nil {
		t.Error("what is no JSON is signed")
	}
}

func TestNewKeySet_Refuses(t *testing.T) {
	t.Parallel()
	one, two, three := ec(t), ec(t), ec(t)
	other, err1 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	edwards, _, err2 := ed25519.GenerateKey(rand.Reader)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	rsa1, rsa2 := rsaKeys()[0], rsaKeys()[1]
	short := &rsa.PublicKey{N: new(big.Int).Rsh(rsa1.N, 1), E: rsa1.E}
	for name, all := range map[string][]Keys{
		"one key":                          {{Current: one}},
		"no current key":                   {{Next: one.Public()}},
		"the same twice":                   {{Current: one, Next: one.Public()}},
		"an old one again":                 {{Current: one, Next: two.Public(), Old: []crypto.PublicKey{one.Public()}}},
		"another curve":                    {{Current: one, Next: other.Public()}},
		"an old one of another curve":      {{Current: one, Next: two.Public(), Old: []crypto.PublicKey{other.Public()}}},
		"a current one of another curve":   {{Current: other, Next: two.Public()}},
		"two kinds":                        {{Current: one, Next: rsa2.Public()}},
		"an old one of another kind":       {{Current: rsa1, Next: rsa2.Public(), Old: []crypto.PublicKey{one.Public()}}},
		"another kind altogether":          {{Current: one, Next: edwards}},
		"a short RSA key":                  {{Current: rsa2, Next: short}},
		"two keys that sign":               {{Current: one, Next: two.Public()}, {Current: three, Next: ec(t).Public()}},
		"a key that stands in two of them": {{Current: rsa1, Next: rsa2.Public()}, {Current: one, Next: two.Public(), Old: []crypto.PublicKey{rsa1.Public()}}},
	} {
		if _, err := NewKeySet(all...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	if _, err := GenerateKey(HS256); err == nil {
		t.Error("a key for HS256")
	}
	key, err := GenerateKey(RS256)
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := key.(*rsa.PrivateKey); !ok || k.N.BitLen() != newRSA {
		t.Errorf("%T", key)
	}
}

func TestSignHS256(t *testing.T) {
	t.Parallel()
	secret := []byte(strings.Repeat("s", leastSecret))
	raw, err := SignHS256(secret, TypeJWT, IDToken{Subject: "s"})
	if err != nil {
		t.Fatal(err)
	}
	if head := header(t, raw); len(head) != 2 || head["alg"] != HS256 || head["typ"] != TypeJWT {
		t.Errorf("header %v", head)
	}
	parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(secret); err != nil {
		t.Error(err)
	}
	if _, err := SignHS256(secret[1:], TypeJWT, IDToken{}); err == nil {
		t.Error("a short secret signs")
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	curve := ec(t)
	ecKey, rsaKey := jose.JSONWebKey{Key: curve.Public()}, jose.JSONWebKey{Key: rsaKeys()[0].Public()}
	for alg, want := range map[string][2]bool{ES256: {true, false}, RS256: {false, true}, ECDHES: {true, false}, RSAOAEP256: {false, true}, "PS256": {}, "RSA1_5": {}, "": {}} {
		if got := [2]bool{Fits(ecKey, alg), Fits(rsaKey, alg)}; got != want {
			t.Errorf("%s: %v", alg, got)
		}
	}
	for use, want := range map[string][2]bool{"enc": {false, true}, "sig": {true, false}, "other": {}} {
		ecKey.Use, rsaKey.Use = use, use
		if got := [2]bool{Fits(ecKey, ES256), Fits(ecKey, ECDHES)}; got != want {
			t.Errorf("%s: %v", use, got)
		}
		if got := [2]bool{Fits(rsaKey, RS256), Fits(rsaKey, RSAOAEP256)}; got != want {
			t.Errorf("%s: %v", use, got)
		}
	}
	ecKey.Use, ecKey.Algorithm = "", ES256
	if Fits(ecKey, ECDHES) || !Fits(ecKey, ES256) {
		t.Error("alg counts for nothing")
	}
	short := &rsa.PublicKey{N: new(big.Int).Rsh(rsaKeys()[0].N, 1), E: rsaKeys()[0].E}
	for name, key := range map[string]any{"short": short, "private": curve, "empty": &ecdsa.PublicKey{}, "nothing": nil} {
		for _, alg := range []string{ES256, RS256, ECDHES, RSAOAEP256} {
			if Fits(jose.JSONWebKey{Key: key}, alg) {
				t.Errorf("%s fits %s", name, alg)
			}
		}
	}
}
