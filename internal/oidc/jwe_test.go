package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// recipients are the private halves of a client's keys for encryption, by what they take.
func recipients(t *testing.T) map[string]any {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{ECDHES: key, RSAOAEP256: rsaKeys()[0]}
}

func publicOf(t *testing.T, private any, use, alg string) jose.JSONWebKey {
	t.Helper()
	key := jose.JSONWebKey{Key: private, KeyID: "theirs-" + alg, Use: use, Algorithm: alg}
	return key.Public()
}

func TestEncrypt(t *testing.T) {
	t.Parallel()
	set := both(t)
	signed := mustSign(t, set, ES256, TypeJWT, UserInfo{Subject: "s"})
	for alg, private := range recipients(t) {
		public := publicOf(t, private, "enc", alg)
		raw, err := Encrypt(signed, public, alg, A256GCM)
		if err != nil {
			t.Fatal(err)
		}
		head := header(t, raw)
		if head["alg"] != alg || head["enc"] != A256GCM || head["cty"] != "JWT" || head["kid"] != public.KeyID {
			t.Errorf("header %v", head)
		}
		parsed, err := jose.ParseEncryptedCompact(raw, []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{A256GCM})
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := parsed.Decrypt(private); err != nil || string(plain) != signed {
			t.Errorf("%s: %q %v", alg, plain, err)
		}
		if again, err := Encrypt(signed, public, alg, A256GCM); err != nil || again == raw {
			t.Errorf("%s: twice the same %v", alg, err)
		}
	}
}

func TestEncrypt_Refuses(t *testing.T) {
	t.Parallel()
	all := recipients(t)
	ecKey, rsaKey := publicOf(t, all[ECDHES], "enc", ""), publicOf(t, all[RSAOAEP256], "", "")
	for name, c := range map[string]struct {
		key      jose.JSONWebKey
		alg, enc string
		want     error
	}{
		"another content encryption": {ecKey, ECDHES, "A128CBC-HS256", nil},
		"RSA1_5":                     {rsaKey, "RSA1_5", A256GCM, nil},
		"RSA-OAEP with SHA-1":        {rsaKey, "RSA-OAEP", A256GCM, nil},
		"a key for signatures":       {publicOf(t, all[ECDHES], "sig", ""), ECDHES, A256GCM, ErrRecipient},
		"a key for another one":      {publicOf(t, all[RSAOAEP256], "enc", "RSA-OAEP"), RSAOAEP256, A256GCM, ErrRecipient},
		"an RSA key for ECDH-ES":     {rsaKey, ECDHES, A256GCM, ErrRecipient},
		"an EC key for RSA-OAEP-256": {ecKey, RSAOAEP256, A256GCM, ErrRecipient},
		"a private key":              {jose.JSONWebKey{Key: all[ECDHES]}, ECDHES, A256GCM, ErrRecipient},
		"no key":                     {jose.JSONWebKey{}, ECDHES, A256GCM, ErrRecipient},
	} {
		raw, err := Encrypt("a.b.c", c.key, c.alg, c.enc)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %q %v", name, raw, err)
		}
	}
	short := &rsa.PublicKey{N: new(big.Int).Rsh(rsaKeys()[0].N, 1), E: rsaKeys()[0].E}
	if _, err := Encrypt("a.b.c", jose.JSONWebKey{Key: short}, RSAOAEP256, A256GCM); !errors.Is(err, ErrRecipient) {
		t.Errorf("a short RSA key: %v", err)
	}
}

func TestRecipient(t *testing.T) {
	t.Parallel()
	all := recipients(t)
	signing, sealing := publicOf(t, all[ECDHES], "sig", ES256), publicOf(t, all[ECDHES], "enc", ECDHES)
	sealing.KeyID = "second"
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{signing, sealing}}
	if key, err := Recipient(set, ECDHES); err != nil || key.KeyID != "second" {
		t.Errorf("%+v %v", key, err)
	}
	if _, err := Recipient(set, RSAOAEP256); !errors.Is(err, ErrRecipient) {
		t.Errorf("%v", err)
	}
}
