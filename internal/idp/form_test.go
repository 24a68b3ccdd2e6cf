package idp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/client"
	"mandat/internal/fixture"
)

// legacy is FranceConnect as it was registered of old: symmetric signatures throughout.
func legacy() client.Client { return francs("legacy", "HS256", "HS256") }

// francs is FranceConnect with other algorithms.
func francs(id, idAlg, userInfoAlg string) client.Client {
	return client.Client{ID: id, Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret(secret + id), Auth: client.SecretPost, IDTokenAlg: idAlg, UserInfoAlg: userInfoAlg,
		RedirectURIs: []string{callback}, PostLogoutRedirectURIs: []string{"https://fc.exemple.test/client/logout-callback"}}
}

// readJWT verifies a JWT with exactly one algorithm and one key, and returns what it says.
func (s *site) readJWT(t testing.TB, raw string, alg jose.SignatureAlgorithm, key any) map[string]any {
	t.Helper()
	if key == nil {
		var set jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(s.stranger(t).get("/idp/jwks").body), &set); err != nil {
			t.Fatal(err)
		}
		key = set
	}
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{alg})
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := parsed.Claims(key, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// Each client gets the signatures that it is registered for.
func TestForms_OfSignature(t *testing.T) {
	t.Parallel()
	all := []client.Client{legacy(), francs("rs", "RS256", "RS256"), francs("mixed", "HS256", "")}
	s := newSite(t, all...)
	v, m := s.angela(t)
	for _, c := range all {
		answer := s.token(t, v.code(m, fixture.Tax, "client_id", c.ID), "client_id", c.ID, "client_secret", secret+c.ID)
		var key any
		if c.IDTokenAlg == "HS256" {
			key = []byte(secret + c.ID)
		}
		claims := s.readJWT(t, answer["id_token"].(string), jose.SignatureAlgorithm(c.IDTokenAlg), key)
		got := s.userinfo(t, answer["access_token"])
		if c.UserInfoAlg == "" {
			if got.Header.Get("Content-Type") != "application/json" || got.json(t)["sub"] != claims["sub"] {
				t.Errorf("%s: %d %s", c.ID, got.StatusCode, got.body)
			}
			continue
		}
		if said := s.readJWT(t, got.body, jose.SignatureAlgorithm(c.UserInfoAlg), key); said["sub"] != claims["sub"] || said["aud"] != c.ID || said["family_name"] != "DUBOIS" {
			t.Errorf("%s: %v", c.ID, said)
		}
	}
}

// keyPlace is where a client publishes its keys.
type keyPlace struct {
	*httptest.Server
	keys  map[string]crypto.Signer
	asked atomic.Int32
	down  atomic.Bool
	empty atomic.Bool
}

func newKeyPlace(t *testing.T) *keyPlace {
	t.Helper()
	curve, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, err2 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	p := &keyPlace{keys: map[string]crypto.Signer{"ECDH-ES": curve, "RSA-OAEP-256": rsaKey}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &curve.PublicKey, KeyID: "sig", Use: "sig"}}}
		if !p.empty.Load() {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: &curve.PublicKey, KeyID: "ec", Use: "enc"}, jose.JSONWebKey{Key: &rsaKey.PublicKey, KeyID: "rsa", Use: "enc"})
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(p.Close)
	return p
}

// Userinfo is signed, then encrypted to a key that the client publishes: FranceConnect's and a service's.
func TestForms_OfEncryption(t *testing.T) {
	t.Parallel()
	place := newKeyPlace(t)
	var all []client.Client
	for _, alg := range []string{"ECDH-ES", "RSA-OAEP-256"} {
		fcLike := francs("fc-"+alg, "ES256", "RS256")
		fcLike.UserInfoKeyAlg, fcLike.UserInfoEnc, fcLike.JWKSURI = alg, "A256GCM", place.URL
		own := publicService("own-"+alg, func(c *client.Client) {
			c.UserInfoAlg, c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "RS256", alg, "A256GCM", place.URL
		})
		all = append(all, fcLike, own)
	}
	s := newSite(t, all...)
	v, m := s.angela(t)
	for _, c := range all {
		var answer map[string]any
		if c.Direct() {
			answer = s.traded(t, c.ID, v.codeFor(c.ID, m, fixture.Tax))
		} else {
			answer = s.token(t, v.code(m, fixture.Tax, "client_id", c.ID), "client_id", c.ID, "client_secret", secret+c.ID)
		}
		got := s.userinfo(t, answer["access_token"])
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/jwt" {
			t.Fatalf("%s: %d %s", c.ID, got.StatusCode, got.body)
		}
		jwe, err := jose.ParseEncryptedCompact(got.body, []jose.KeyAlgorithm{jose.KeyAlgorithm(c.UserInfoKeyAlg)}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			t.Fatal(err)
		}
		inner, err := jwe.Decrypt(place.keys[c.UserInfoKeyAlg])
		if err != nil || jwe.Header.ExtraHeaders["cty"] != "JWT" || jwe.Header.KeyID != map[string]string{"ECDH-ES": "ec", "RSA-OAEP-256": "rsa"}[c.UserInfoKeyAlg] {
			t.Fatalf("%s: %v %+v", c.ID, err, jwe.Header)
		}
		if said := s.readJWT(t, string(inner), jose.RS256, nil); said["family_name"] != "DUBOIS" || said["aud"] != c.ID || said["sub"] != s.readJWT(t, answer["id_token"].(string), jose.ES256, nil)["sub"] {
			t.Errorf("%s: %v", c.ID, said)
		}
	}
	if n := place.asked.Load(); n != 1 {
		t.Errorf("asked for its keys %d times", n)
	}
}

// A client whose keys cannot be had is told to come back, and nothing is released before.
func TestForms_NoKeyReleasesNothing(t *testing.T) {
	t.Parallel()
	place, bare := newKeyPlace(t), newKeyPlace(t)
	place.down.Store(true)
	bare.empty.Store(true)
	encrypted := func(id, address string) client.Client {
		c := francs(id, "ES256", "ES256")
		c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ECDH-ES", "A256GCM", address
		return c
	}
	s := newSite(t, encrypted("down", place.URL), encrypted("bare", bare.URL))
	v, m := s.angela(t)
	for _, id := range []string{"down", "bare"} {
		access := s.token(t, v.code(m, fixture.Tax, "client_id", id), "client_id", id, "client_secret", secret+id)["access_token"]
		for range 2 {
			if a := s.userinfo(t, access); a.StatusCode != http.StatusServiceUnavailable || a.json(t)["error"] != "temporarily_unavailable" || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %d %s", id, a.StatusCode, a.body)
			}
		}
	}
	if got := s.entries(t); len(got) != 0 {
		t.Errorf("entries %+v", got)
	}
	if n := count(t, s, `select count(*) from idp_login where state = 'token_issued'`); n != 2 {
		t.Errorf("%d tokens are left as they were", n)
	}
}

// While its address does not answer, a client is told under the key that it published before.
func TestForms_KeysAreBelievedDuringAnOutage(t *testing.T) {
	t.Parallel()
	place := newKeyPlace(t)
	c := francs("encrypted", "ES256", "ES256")
	c.UserInfoKeyAlg, c.UserInfoEnc, c.JWKSURI = "ECDH-ES", "A256GCM", place.URL
	s := newSite(t, c)
	v, m := s.angela(t)
	told := func() answer {
		return s.userinfo(t, s.token(t, v.code(m, fixture.Tax, "client_id", c.ID), "client_id", c.ID, "client_secret", secret+c.ID)["access_token"])
	}
	if a := told(); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	place.down.Store(true)
	s.Clock.Advance(11 * time.Minute)
	if a := told(); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/jwt" || place.asked.Load() != 2 {
		t.Errorf("%d %s, asked %d times", a.StatusCode, a.body, place.asked.Load())
	}
}
