package apitoken_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/apitoken"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/dpop"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

const (
	base = "https://mandat.test"
	path = "/api/decision"
)

// desk is a place where tokens are issued and shown.
type desk struct {
	*dbtest.Database
	clock  *clock.Clock
	tokens *apitoken.Tokens
	key    *ecdsa.PrivateKey
	jkt    string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Database: dbtest.New(t), clock: &clock.Clock{}, key: newKey(t)}
	closed := service("closed", true)
	closed.TokensSince = d.clock.Now().Add(time.Hour)
	d.tokens = d.with(t, service("a", true), service("b", false), closed)
	digest, err := (&jose.JSONWebKey{Key: &d.key.PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	d.jkt = base64.RawURLEncoding.EncodeToString(digest)
	return d
}

func (d *desk) with(t *testing.T, clients ...client.Client) *apitoken.Tokens {
	t.Helper()
	registry, err := client.New(clients)
	if err != nil {
		t.Fatal(err)
	}
	return apitoken.New(d.DB, registry, dpop.New(d.DB, d.clock), d.clock, base)
}

func service(id string, decision bool) client.Client {
	return client.Client{ID: id, Name: id, Kind: client.Service, Secret: client.NewSecret(strings.Repeat(id, 32)), Auth: client.SecretBasic, Decision: decision,
		Procedures: []string{"argent-impots-declaration"}, RedirectURIs: []string{"https://service.test/retour"}}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (d *desk) issue(t *testing.T, id, scope string) string {
	t.Helper()
	secret, err := d.tokens.Issue(t.Context(), &client.Client{ID: id}, scope, d.jkt)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// call is a request with a token and a proof for it, by a key.
func (d *desk) call(t *testing.T, key *ecdsa.PrivateKey, secret string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, path, nil)
	r.Header.Set("Authorization", "DPoP "+secret)
	r.Header.Set("DPoP", proof(t, key, map[string]any{"jti": token.Hex(8), "htm": "POST", "htu": base + path, "iat": d.clock.Now().Unix(),
		"ath": base64.RawURLEncoding.EncodeToString(token.Hash(secret))}))
	return r
}

func proof(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	signer, err1 := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	payload, err2 := json.Marshal(claims)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	secret := d.issue(t, "a", apitoken.Decision)
	caller, err := d.tokens.Check(d.call(t, d.key, secret), apitoken.Decision)
	if err != nil || caller.ID != "a" {
		t.Fatalf("%v %v", caller, err)
	}
	replayed := d.call(t, d.key, secret)
	if _, err := d.tokens.Check(replayed, apitoken.Decision); err != nil {
		t.Fatal(err)
	}
	bearer := d.call(t, d.key, secret)
	bearer.Header.Set("Authorization", "Bearer "+secret)
	bare := d.call(t, d.key, secret)
	bare.Header.Del("DPoP")
	twice := d.call(t, d.key, secret)
	twice.Header.Add("Authorization", "DPoP "+secret)
	before := d.call(t, d.key, d.issue(t, "closed", apitoken.Decision))
	elsewhere := d.call(t, d.key, secret)
	elsewhere.URL.Path = "/api/other"
	for name, c := range map[string]struct {
		r     *http.Request
		scope string
		want  oidc.Code
	}{
		"nothing":                {httptest.NewRequestWithContext(t.Context(), "POST", path, nil), apitoken.Decision, oidc.InvalidToken},
		"as a bearer":            {bearer, apitoken.Decision, oidc.InvalidToken},
		"two authorizations":     {twice, apitoken.Decision, oidc.InvalidToken},
		"without proof":          {bare, apitoken.Decision, oidc.InvalidDPoPProof},
		"a proof used before":    {replayed, apitoken.Decision, oidc.InvalidDPoPProof},
		"a proof for elsewhere":  {elsewhere, apitoken.Decision, oidc.InvalidDPoPProof},
		"another key":            {d.call(t, newKey(t), secret), apitoken.Decision, oidc.InvalidToken},
		"a token that is none":   {d.call(t, d.key, token.Hex(32)[:43]), apitoken.Decision, oidc.InvalidToken},
		"a token that is longer": {d.call(t, d.key, secret+"A"), apitoken.Decision, oidc.InvalidToken},
		"another scope":          {d.call(t, d.key, d.issue(t, "a", "other")), apitoken.Decision, oidc.InsufficientScope},
		"may not ask":            {d.call(t, d.key, d.issue(t, "b", apitoken.Decision)), apitoken.Decision, oidc.InsufficientScope},
		"given before":           {before, apitoken.Decision, oidc.InvalidToken},
		"a client that is gone":  {d.call(t, d.key, d.issue(t, "c", apitoken.Decision)), apitoken.Decision, oidc.InvalidToken},
	} {
		_, err := d.tokens.Check(c.r, c.scope)
		refusal, ok := errors.AsType[*oidc.Error](err)
		if !ok || refusal.Code != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestFind_UntilItIsOverOrRevoked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	secret, other := d.issue(t, "a", apitoken.Decision), d.issue(t, "a", apitoken.Decision)
	found, err := d.tokens.Find(t.Context(), secret)
	if err != nil || found.Client != "a" || found.JKT != d.jkt || found.Scope != "decision" || found.ExpiresAt.Sub(found.CreatedAt) != apitoken.Life {
		t.Fatalf("%+v %v", found, err)
	}
	gone := func(what, secret string) {
		t.Helper()
		if _, err := d.tokens.Find(t.Context(), secret); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := d.tokens.Revoke(t.Context(), &client.Client{ID: "b"}, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tokens.Find(t.Context(), secret); err != nil {
		t.Errorf("another client revoked it: %v", err)
	}
	if err := d.tokens.Revoke(t.Context(), &client.Client{ID: "a"}, secret); err != nil {
		t.Fatal(err)
	}
	gone("revoked", secret)
	if err := d.tokens.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tokens.Find(t.Context(), other); err != nil {
		t.Errorf("the purge takes what is good: %v", err)
	}
	d.clock.Advance(apitoken.Life)
	gone("over", other)
	d.clock.Advance(time.Second)
	if err := d.tokens.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select count(*) from api_token`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d left, %v", left, err)
	}
}
