package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func keys(t *testing.T) (*KeySet, *ecdsa.PrivateKey, *ecdsa.PrivateKey) {
	t.Helper()
	one, err1 := GenerateKey()
	two, err2 := GenerateKey()
	set, err3 := NewKeySet(one, two)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return set, one, two
}

func TestKeySet_SignsAndPublishes(t *testing.T) {
	t.Parallel()
	set, one, two := keys(t)
	raw, err := set.Sign(IDToken{Subject: "s", AccessTokenHash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{}
	b, _ := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	if err := json.Unmarshal(b, &header); err != nil {
		t.Fatal(err)
	}
	var public jose.JSONWebKeySet
	if err := json.Unmarshal(set.JWKS(), &public); err != nil {
		t.Fatal(err)
	}
	if len(public.Keys) != 2 || header["kid"] != public.Keys[0].KeyID || header["typ"] != "JWT" || header["alg"] != "ES256" || public.Keys[0].Use != "sig" || !public.Keys[1].IsPublic() {
		t.Errorf("header %v, keys %s", header, set.JWKS())
	}
	rotated, err := NewKeySet(two, one) // any other order: the kid stays the key's
	if err != nil {
		t.Fatal(err)
	}
	if claims, err := rotated.OpenHint(raw); err != nil || claims.Subject != "s" {
		t.Errorf("after a rotation: %v", err)
	}
}

func TestNewKeySet_Refuses(t *testing.T) {
	t.Parallel()
	_, one, two := keys(t)
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() (*KeySet, error){
		"one key":                     func() (*KeySet, error) { return NewKeySet(one, nil) },
		"the same twice":              func() (*KeySet, error) { return NewKeySet(one, one) },
		"another curve":               func() (*KeySet, error) { return NewKeySet(one, other) },
		"an old one of another curve": func() (*KeySet, error) { return NewKeySet(one, two, &other.PublicKey) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestOpenHint_Refuses(t *testing.T) {
	t.Parallel()
	set, one, _ := keys(t)
	foreign, _, _ := keys(t)
	good := IDToken{Subject: "s", AccessTokenHash: "h"}
	sign := func(s *KeySet, claims any) string {
		raw, err := s.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: set.JWKS()}, (&jose.SignerOptions{}).WithHeader("kid", set.public.Keys[0].KeyID))
	if err != nil {
		t.Fatal(err)
	}
	confused, err := jwt.Signed(hmac).Claims(good).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	borrowed, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: one}, (&jose.SignerOptions{}).WithHeader("kid", "another"))
	if err != nil {
		t.Fatal(err)
	}
	kidless, err := jwt.Signed(borrowed).Claims(good).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	raw := sign(set, good)
	parts := strings.Split(raw, ".")
	for name, token := range map[string]string{
		"another's": sign(foreign, good), "changed": parts[0] + "." + parts[1] + "A." + parts[2], "empty": "", "garbage": "a.b.c", "HS256 with our public key": confused, "unknown kid": kidless,
		"alg none": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", "userinfo": sign(set, UserInfo{Issuer: "i", Audience: "a", Subject: "s"}),
	} {
		if _, err := set.OpenHint(token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := set.OpenHint(raw); err != nil {
		t.Error(err)
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	_, one, _ := keys(t)
	file, err := EncodeKey(one)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeKey(file); err != nil || !back.Equal(one) {
		t.Errorf("%v", err)
	}
	for _, wrong := range []string{"", "x", strings.Replace(string(file), "M", "N", 3)} {
		if _, err := DecodeKey([]byte(wrong)); err == nil {
			t.Errorf("%q is a key", wrong)
		}
	}
}

// The example of OpenID Connect Core, appendix A.3, and of RFC 7636, appendix B.
func TestHashes(t *testing.T) {
	t.Parallel()
	if got := HalfHash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"); got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash %s", got)
	}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if got := Challenge(verifier); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" || !IsChallenge(got) || !IsVerifier(verifier) {
		t.Errorf("challenge %s", got)
	}
	for _, wrong := range []string{"", verifier[:42], verifier + "+", strings.Repeat("a", 129)} {
		if IsVerifier(wrong) {
			t.Errorf("%q is a verifier", wrong)
		}
	}
}

func TestUserInfo_LeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	place := ""
	b, err := json.Marshal(UserInfo{Subject: "s", Birthplace: &place})
	if err != nil || string(b) != `{"sub":"s","birthplace":""}` {
		t.Errorf("%s %v", b, err)
	}
}

func TestParseClaims(t *testing.T) {
	t.Parallel()
	got, err := ParseClaims(`{"id_token":{"rep_scope":{"essential":true,"value":"Justice","values":["Logement"]},"acr":{"essential":true,"value":"eidas1"},"amr":null},
		"userinfo":{"email":null,"given_name":{"essential":true},"sub":null,"nickname":null},"verified_claims":{"x":[[[[]]]]}}`)
	if err != nil || !got.RepScopeAsked || !slices.Equal(got.RepScope, []string{"Justice", "Logement"}) || !slices.Equal(got.ACR, []string{"eidas1"}) || !slices.Equal(got.UserInfo, []string{"email", "given_name"}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ParseClaims(""); err != nil || got.RepScopeAsked {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ParseClaims(`{"id_token":{"acr":{"values":["eidas3"]}}}`); err != nil || got.ACR != nil {
		t.Errorf("an acr that is only wished: %+v %v", got, err)
	}
	for _, wrong := range []string{`{`, `[]`, `null`, `"x"`, `{"id_token":[]}`, `{"userinfo":1}`, `{"id_token":{"acr":1}}`, `{"id_token":{"acr":{"values":"eidas1"}}}`,
		`{"id_token":{"rep_scope":{"values":[""]}}}`, `{"x":"` + strings.Repeat("x", maxClaims) + `"}`, "{\"x\":\"\xff\"}"} {
		if _, err := ParseClaims(wrong); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add(`{"id_token":{"rep_scope":{"essential":true,"values":["Papier-Citoyenneté-Elections"]}},"userinfo":{"email":null}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseClaims(raw)
		if err != nil {
			if !errors.Is(err, ErrClaims) {
				t.Fatal(err)
			}
			return
		}
		for _, v := range slices.Concat(got.RepScope, got.ACR) {
			if v == "" || len(v) > maxClaimLen || strings.ContainsRune(v, 0) {
				t.Fatalf("value %q", v)
			}
		}
		if len(got.RepScope) > maxMembers {
			t.Fatal("too many values")
		}
	})
}

func TestError(t *testing.T) {
	t.Parallel()
	for code, status := range map[Code]int{InvalidClient: 401, InvalidToken: 401, InvalidGrant: 400, SlowDown: 429, ServerError: 500, TemporarilyUnavailable: 503} {
		if got := Refuse(code, "x").Status(); got != status {
			t.Errorf("%s: %d", code, got)
		}
	}
}
