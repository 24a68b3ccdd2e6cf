package client_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
)

const clear = "a-secret-that-stands-in-the-file-"

func franceConnect() client.Client {
	return client.Client{ID: "fc", Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret(clear), Auth: client.SecretPost, RedirectURIs: []string{"https://fc.exemple.test/cb"}}
}

// keyed is a service with keys of its own.
func keyed(keys json.RawMessage) client.Client {
	c := service()
	c.ID, c.Auth, c.AuthAlg, c.JWKS = "a", client.PrivateKeyJWT, "ES256", keys
	return c
}

func set(t *testing.T, keys ...jose.JSONWebKey) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func elliptical(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// modulus is a public key whose modulus has so many bits; nobody has its private half.
func modulus(bits, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: exponent}
}

// Everything that is wrong with a registration is found, each thing by its name.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, good := range []client.Client{franceConnect(), filledService()} {
		if err := good.Check(); err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		change func(*client.Client)
		want   string // members, by FranceConnect and by a service; "" for none
	}{
		"another kind":            {func(c *client.Client) { c.Kind = "native" }, "kind|kind"},
		"a long name":             {func(c *client.Client) { c.Name = strings.Repeat("x", 201) }, "client_name|client_name"},
		"letters that count once": {func(c *client.Client) { c.Name = strings.Repeat("é", 200) }, "|"},
		"a name in two lines":     {func(c *client.Client) { c.Name = "Service\nde Ploërmel" }, "client_name|client_name"},
		"a name that turns":       {func(c *client.Client) { c.Name = "Service \u202eemrof" }, "client_name|client_name"},
		"a name with nothing":     {func(c *client.Client) { c.Name = "Ser\u200bvice" }, "client_name|client_name"},
		"a name that is no text":  {func(c *client.Client) { c.Name = "Service \xff" }, "client_name|client_name"},
		"a French name":           {func(c *client.Client) { c.Name = "Service «\u00a0d’essai\u202f» n° 1" }, "|"},
		"scopes without openid":   {func(c *client.Client) { c.Scopes = client.Scopes{"profile"} }, "scope|scope"},
		"a long sector":           {func(c *client.Client) { c.Sector = strings.Repeat("x", 129) }, "sector|sector"},
		"a level":                 {func(c *client.Client) { c.IdentityLevel = "known" }, "identity_level|"},
		"decisions":               {func(c *client.Client) { c.Decision = true }, "decision|"},
		"no procedures":           {func(c *client.Client) { c.Procedures = nil }, "|procedures"},
		"procedures":              {func(c *client.Client) { c.Procedures = []string{"x"} }, "procedures|"},
		"too many procedures":     {func(c *client.Client) { c.Procedures = make([]string, 501) }, "procedures procedures|procedures"},
		"HS256 for the ID token":  {func(c *client.Client) { c.IDTokenAlg = "HS256" }, "|id_token_signed_response_alg"},
		"HS256 for userinfo":      {func(c *client.Client) { c.UserInfoAlg = "HS256" }, "|userinfo_signed_response_alg"},
		"HS256 for introspection": {func(c *client.Client) { c.IntrospectionAlg = "HS256" }, "introspection_signed_response_alg|introspection_signed_response_alg"},
		"none for the ID token":   {func(c *client.Client) { c.IDTokenAlg = "none" }, "id_token_signed_response_alg|id_token_signed_response_alg"},
		"RS256 everywhere":        {func(c *client.Client) { c.IDTokenAlg, c.UserInfoAlg, c.IntrospectionAlg = "RS256", "RS256", "ES256" }, "|"},
		"encrypted without keys":  {func(c *client.Client) { c.UserInfoAlg, c.UserInfoKeyAlg, c.UserInfoEnc = "ES256", "ECDH-ES", "A256GCM" }, "jwks|jwks"},
		"encrypted with keys": {func(c *client.Client) {
			c.UserInfoAlg, c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ES256", "RSA-OAEP-256", "A256GCM", "https://a.test/k"
		}, "|"},
		"encrypted, not signed": {func(c *client.Client) {
			c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ECDH-ES", "A256GCM", "https://a.test/k"
		}, "userinfo_signed_response_alg|userinfo_signed_response_alg"},
		"encrypted by another algorithm": {func(c *client.Client) {
			c.UserInfoAlg, c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ES256", "RSA1_5", "A256GCM", "https://a.test/k"
		}, "userinfo_encrypted_response_alg|userinfo_encrypted_response_alg"},
		"encrypted by another method": {func(c *client.Client) {
			c.UserInfoAlg, c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ES256", "ECDH-ES", "A128CBC-HS256", "https://a.test/k"
		}, "userinfo_encrypted_response_enc|userinfo_encrypted_response_enc"},
		"only a method":                {func(c *client.Client) { c.UserInfoAlg, c.UserInfoEnc = "ES256", "A256GCM" }, "userinfo_encrypted_response_alg|userinfo_encrypted_response_alg"},
		"too many addresses":           {func(c *client.Client) { c.RedirectURIs = slices.Repeat([]string{"https://a.test/"}, 101) }, "redirect_uris|redirect_uris"},
		"a session without an address": {func(c *client.Client) { c.BackchannelSession = true }, "backchannel_logout_uri|backchannel_logout_uri"},
		"told over http":               {func(c *client.Client) { c.BackchannelLogoutURI = "http://a.test/" }, "backchannel_logout_uri|backchannel_logout_uri"},
		"keys over http":               {func(c *client.Client) { c.JWKSURI = "http://a.test/" }, "jwks_uri|jwks_uri"},
		"a long address":               {func(c *client.Client) { c.RedirectURIs = []string{"https://a.test/" + strings.Repeat("x", 2048)} }, "redirect_uris|redirect_uris"},
		"a host for a policy":          {func(c *client.Client) { c.RedirectURIs = []string{"https://*/retour"} }, "redirect_uris|redirect_uris"},
		"a host with a directive":      {func(c *client.Client) { c.RedirectURIs = []string{"https://a.test;sandbox/"} }, "redirect_uris|redirect_uris"},
		"a host with a second policy":  {func(c *client.Client) { c.RedirectURIs = []string{"https://a.test,sandbox/"} }, "redirect_uris|redirect_uris"},
		"a host of other letters":      {func(c *client.Client) { c.PostLogoutRedirectURIs = []string{"https://sеrvice.test/"} }, "post_logout_redirect_uris|post_logout_redirect_uris"},
		"a host with a zone":           {func(c *client.Client) { c.RedirectURIs = []string{"https://[fe80::1%25a'b]/"} }, "redirect_uris|redirect_uris"},
		"hosts by number": {func(c *client.Client) {
			c.RedirectURIs = []string{"http://[::1]:1/", "http://127.0.0.1/", "https://xn--srvice-bva.test/"}
		}, "|"},
		"an empty address": {func(c *client.Client) { c.PostLogoutRedirectURIs = []string{""} }, "post_logout_redirect_uris|post_logout_redirect_uris"},
		"another way":      {func(c *client.Client) { c.Auth = "tls_client_auth" }, "token_endpoint_auth_method|token_endpoint_auth_method"},
		"no secret":        {func(c *client.Client) { c.Secret = client.Secret{} }, "client_secret|client_secret"},
		"a secret besides a key": {func(c *client.Client) {
			c.Auth, c.AuthAlg, c.JWKSURI = client.PrivateKeyJWT, "RS256", "https://a.test/k"
		}, "client_secret|client_secret"},
		"a key of no algorithm": {func(c *client.Client) {
			c.Secret, c.Auth, c.AuthAlg, c.JWKSURI = client.Secret{}, client.PrivateKeyJWT, "HS256", "https://a.test/k"
		}, "token_endpoint_auth_signing_alg|token_endpoint_auth_signing_alg"},
		"a key nowhere": {func(c *client.Client) { c.Secret, c.Auth, c.AuthAlg = client.Secret{}, client.PrivateKeyJWT, "ES256" }, "jwks|jwks"},
	} {
		var got []string
		for _, c0 := range []client.Client{franceConnect(), filledService()} {
			c.change(&c0)
			var members []string
			for _, f := range c0.Faults() {
				members = append(members, f.Member)
				if strings.Contains(f.Error(), clear) {
					t.Errorf("%s quotes the secret", name)
				}
			}
			got = append(got, strings.Join(members, " "))
			if (c0.Check() == nil) != (members == nil) {
				t.Errorf("%s: Check and Faults differ", name)
			}
		}
		if got := strings.Join(got, "|"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func filledService() client.Client {
	c := service()
	c.ID, c.Secret, c.Procedures = "a", hashed(), []string{"x", "y"}
	return c
}

// hashed is a secret of which only the hash is known.
func hashed() client.Secret {
	var s client.Secret
	if err := s.UnmarshalJSON([]byte(`"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`)); err != nil {
		panic(err)
	}
	return s
}

// Keys that a registration brings along are public, of a kind that we use, and one of them does what the client does.
func TestFaults_OfKeys(t *testing.T) {
	t.Parallel()
	p256, r2048 := elliptical(t, elliptic.P256()), modulus(2048, 65537)
	many := make([]jose.JSONWebKey, 21)
	for i := range many {
		many[i] = jose.JSONWebKey{Key: p256.Public(), KeyID: fmt.Sprint(i)}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keys json.RawMessage
		good bool
	}{
		"P-256":                  {set(t, jose.JSONWebKey{Key: p256.Public()}), true},
		"P-256 for signatures":   {set(t, jose.JSONWebKey{Key: p256.Public(), Use: "sig", Algorithm: "ES256"}), true},
		"P-256 besides RSA":      {set(t, jose.JSONWebKey{Key: r2048, KeyID: "r"}, jose.JSONWebKey{Key: p256.Public(), KeyID: "e"}), true},
		"twenty":                 {set(t, many[:20]...), true},
		"twenty-one":             {set(t, many...), false},
		"private":                {set(t, jose.JSONWebKey{Key: p256}), false},
		"private RSA":            {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: private}), false},
		"a secret":               {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: []byte("secret")}), false},
		"P-384":                  {set(t, jose.JSONWebKey{Key: elliptical(t, elliptic.P384()).Public()}), false},
		"RSA alone":              {set(t, jose.JSONWebKey{Key: r2048}), false},
		"RSA of 2047 bits":       {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: modulus(2047, 65537)}), false},
		"RSA of 4096 bits":       {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: modulus(4096, 65537)}), true},
		"RSA of 20000 bits":      {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: modulus(20000, 65537)}), false},
		"RSA with exponent 3":    {set(t, jose.JSONWebKey{Key: p256.Public()}, jose.JSONWebKey{Key: modulus(2048, 3)}), false},
		"for encryption":         {set(t, jose.JSONWebKey{Key: p256.Public(), Use: "enc"}), false},
		"for something else":     {set(t, jose.JSONWebKey{Key: p256.Public(), Use: "tls"}), false},
		"of another algorithm":   {set(t, jose.JSONWebKey{Key: p256.Public(), Algorithm: "ES384"}), false},
		"of an algorithm of RSA": {set(t, jose.JSONWebKey{Key: p256.Public(), Algorithm: "RS256"}), false},
		"a long kid":             {set(t, jose.JSONWebKey{Key: p256.Public(), KeyID: strings.Repeat("x", 257)}), false},
		"not a key":              {json.RawMessage(`{"keys":[{"kty":"EC"}]}`), false},
		"none":                   {json.RawMessage(`{"keys":[]}`), false},
		"not a set":              {json.RawMessage(`[]`), false},
		"too large":              {json.RawMessage(`{"x":"` + strings.Repeat("x", client.MaxJWKS) + `"}`), false},
	} {
		one := keyed(c.keys)
		if err := one.Check(); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	with := keyed(set(t, jose.JSONWebKey{Key: p256.Public(), Use: "sig"}))
	with.UserInfoAlg, with.UserInfoKeyAlg, with.UserInfoEnc = "ES256", "ECDH-ES", "A256GCM"
	if with.Check() == nil {
		t.Error("a key for signatures passes for encryption")
	}
	with.JWKS = set(t, jose.JSONWebKey{Key: p256.Public(), Use: "sig"}, jose.JSONWebKey{Key: elliptical(t, elliptic.P256()).Public(), Use: "enc", Algorithm: "ECDH-ES"})
	if err := with.Check(); err != nil {
		t.Error(err)
	}
	with.JWKSURI = "https://a.test/k"
	if with.Check() == nil {
		t.Error("keys at two places pass")
	}
}

// Of what a client publishes, what we do not use is left out.
func TestReadKeys(t *testing.T) {
	t.Parallel()
	p256 := elliptical(t, elliptic.P256())
	got, err := client.ReadKeys(set(t, jose.JSONWebKey{Key: []byte("secret")}, jose.JSONWebKey{Key: p256, KeyID: "private"}, jose.JSONWebKey{Key: modulus(1024, 65537), KeyID: "small"},
		jose.JSONWebKey{Key: elliptical(t, elliptic.P521()).Public(), KeyID: "large"}, jose.JSONWebKey{Key: p256.Public(), KeyID: "it"}))
	if err != nil || len(got.Keys) != 1 || got.Keys[0].KeyID != "it" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"https://a.test:8443/x?y": "https://a.test:8443", "http://127.0.0.1:1/": "http://127.0.0.1:1", "https://a.test/%": "", "\x00": ""} {
		if got := client.Origin(address); got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}
