package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

// registered is a public service that an administrator registered on the page, with a key of its own.
type registered struct {
	t    *testing.T
	site *apptest.Site
	id   string
	key  *ecdsa.PrivateKey
}

func register(t *testing.T, site *apptest.Site, administrator *apptest.Visitor) registered {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Use: "sig"}}})
	must(t, err)
	form := url.Values{"client_name": {"Service d’essai"}, "procedures": {fixture.Tax}, "identity_level": {"franceconnect"}, "scope": {"profile"}, "redirect_uris": {ownBack}, "token_endpoint_auth_method": {"private_key_jwt"},
		"token_endpoint_auth_signing_alg": {"ES256"}, "jwks": {string(keys)}, "id_token_signed_response_alg": {"ES256"}, "require_pushed_authorization_requests": {"on"}}
	a, err := administrator.Do(t.Context(), http.MethodPost, "/admin/services", form)
	must(t, err)
	id, found := strings.CutPrefix(a.At.Path, "/admin/services/")
	if a.Status != http.StatusSeeOther || !found {
		t.Fatalf("register: %d %s", a.Status, a.Body)
	}
	return registered{t, site, id, key}
}

// post sends a form to an endpoint, with an assertion.
func (r registered) post(path string, form url.Values) apptest.Answer {
	r.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: r.key, KeyID: "1"}}, nil)
	must(r.t, err)
	now := r.site.Clock.Now()
	assertion, err := jwt.Signed(signer).Claims(jwt.Claims{Issuer: r.id, Subject: r.id, Audience: jwt.Audience{r.site.URL + "/idp"}, ID: token.ID().String(), Expiry: jwt.NewNumericDate(now.Add(time.Minute))}).Serialize()
	must(r.t, err)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	a, err := r.site.Stranger(r.t).Do(r.t.Context(), http.MethodPost, path, form)
	must(r.t, err)
	return a
}

// code pushes a request and goes all the way to the code.
func (r registered) code(u *use) string {
	r.t.Helper()
	a := r.post("/idp/par", url.Values{"response_type": {"code"}, "client_id": {r.id}, "redirect_uri": {ownBack}, "scope": {"openid profile"}, "state": {"s"}, "code_challenge": {oidc.Challenge(ownVerifier)}, "code_challenge_method": {"S256"}})
	if a.Status != http.StatusCreated {
		r.t.Fatalf("push: %d %s", a.Status, a.Body)
	}
	uri, _ := a.JSON(r.t)["request_uri"].(string)
	return u.v.MustCode(u.mandate.Citizen, fixture.Tax, "client_id", r.id, "request_uri", uri)
}

func (r registered) redeem(code string) apptest.Answer {
	r.t.Helper()
	return r.post("/idp/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {ownBack}, "code_verifier": {ownVerifier}})
}

// The whole program: a service that an administrator registered is told what it is for, and from the moment at which it is closed nothing more; what it
// was given before is worth nothing.
func TestServices_RegisteredOnThePage(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	adele := site.Visit(t, site.Adele)
	service := register(t, site, adele)
	u := newUse(t, site, 1)
	a := service.redeem(service.code(u))
	if a.Status != http.StatusOK {
		t.Fatalf("token: %d %s", a.Status, a.Body)
	}
	access, _ := a.JSON(t)["access_token"].(string)
	reads := func() int {
		t.Helper()
		a, err := site.UserInfo(t.Context(), access)
		must(t, err)
		return a.Status
	}
	if got := reads(); got != http.StatusOK {
		t.Errorf("userinfo: %d", got)
	}
	if a := service.post("/idp/introspect", url.Values{"token": {access}}); a.Status != http.StatusOK || a.JSON(t)["active"] != true {
		t.Errorf("introspection: %d %s", a.Status, a.Body)
	}
	waiting := service.code(u)
	if a := adele.Post("/admin/services/" + service.id + "/fermeture"); a.Status != http.StatusSeeOther {
		t.Fatalf("close: %d", a.Status)
	}
	if got := reads(); got != http.StatusUnauthorized {
		t.Errorf("a token of a service that is closed: %d", got)
	}
	if a := service.redeem(waiting); a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "invalid_client") {
		t.Errorf("a code of a service that is closed: %d %s", a.Status, a.Body)
	}
	if a := service.post("/idp/introspect", url.Values{"token": {access}}); a.Status != http.StatusUnauthorized {
		t.Errorf("introspection of a service that is closed: %d", a.Status)
	}
	if a := u.v.Get("/idp/authorize?" + url.Values{"client_id": {service.id}, "response_type": {"code"}, "redirect_uri": {ownBack}}.Encode()); a.Status == http.StatusSeeOther {
		t.Error("a service that is closed begins a login")
	}
	if a := adele.Post("/admin/services/" + service.id + "/reouverture"); a.Status != http.StatusSeeOther {
		t.Fatalf("open: %d", a.Status)
	}
	if a := service.post("/idp/introspect", url.Values{"token": {"x"}}); a.Status != http.StatusOK {
		t.Errorf("a service that is open again: %d", a.Status)
	}
	if got := reads(); got != http.StatusUnauthorized {
		t.Errorf("a token of before: %d", got)
	}
	if a := service.post("/idp/introspect", url.Values{"token": {access}}); a.Status != http.StatusOK || a.JSON(t)["active"] != false {
		t.Errorf("introspection of a token of before: %d %s", a.Status, a.Body)
	}
	if a := service.redeem(waiting); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "invalid_grant") {
		t.Errorf("a code of before: %d %s", a.Status, a.Body)
	}
	if a := service.redeem(service.code(u)); a.Status != http.StatusOK {
		t.Errorf("a code of now: %d %s", a.Status, a.Body)
	}
}
