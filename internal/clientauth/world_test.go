package clientauth_test

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
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/clock"
	"mandat/internal/dbtest"
	"mandat/internal/oidc"
)

const (
	issuer = "https://mandat.exemple.test/idp"
	secret = "0123456789abcdef0123456789abcdef"
)

// world is a gate, and the clients that it knows.
type world struct {
	*clientauth.Gate
	clock *clock.Clock
}

func newWorld(t testing.TB, clients ...client.Client) world {
	t.Helper()
	registry, err := client.New(clients)
	if err != nil {
		t.Fatal(err)
	}
	w := world{clock: &clock.Clock{}}
	w.Gate, err = clientauth.New(clientauth.Config{Issuer: issuer, Clients: registry}, dbtest.New(t).DB, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func service(id, way string) client.Client {
	c := client.Client{ID: id, Name: "Service", Kind: client.Service, Auth: way, Procedures: []string{"x"}, RedirectURIs: []string{"https://service.exemple.test/retour"}}
	if way != client.PrivateKeyJWT {
		c.Secret = client.NewSecret(secret + id)
	}
	return c
}

// keyed is a service that signs with a key of its own.
func keyed(t testing.TB, id string, keys ...signer) client.Client {
	t.Helper()
	c := service(id, client.PrivateKeyJWT)
	c.AuthAlg, c.JWKS = string(keys[0].alg), jwks(t, keys...)
	return c
}

// signer is a key of a client.
type signer struct {
	kid string
	alg jose.SignatureAlgorithm
	key crypto.Signer
}

func newSigner(t testing.TB, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, jose.ES256, key}
}

func newRSA(t testing.TB, kid string) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, jose.RS256, key}
}

func jwks(t testing.TB, keys ...signer) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.key.Public(), KeyID: k.kid})
	}
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// claims are those of a good assertion, changed by pairs; a nil value takes one away.
func (w world) claims(id, jti string, changes ...any) map[string]any {
	now := w.clock.Now()
	c := map[string]any{"iss": id, "sub": id, "aud": issuer, "jti": jti, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	for i := 0; i < len(changes); i += 2 {
		if c[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}

func (k signer) sign(t testing.TB, claims map[string]any, headers ...string) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for i := 0; i < len(headers); i += 2 {
		options.WithHeader(jose.HeaderKey(headers[i]), headers[i+1])
	}
	var key any = jose.JSONWebKey{Key: k.key, KeyID: k.kid}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func asserting(raw string) url.Values {
	return url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {raw}}
}

func posted(form url.Values, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/idp/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// answer is who a request was found to come from, or the code of the refusal.
func (w world) answer(t testing.TB, r *http.Request) string {
	t.Helper()
	c, err := w.Authenticate(r)
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		return string(refusal.Code)
	}
	if err != nil {
		t.Error(err)
		return ""
	}
	return c.ID
}
