package idp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/client"
	"mandat/internal/fixture"
)

// A service is told of its own tokens, and of nothing else anything.
func TestIntrospect_TellsOnlyTheOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("other", nil))
	v, m := s.angela(t)
	code := v.codeFor(direct, m, fixture.Tax)
	answer := s.traded(t, direct, code)
	access := answer["access_token"].(string)
	francs := s.token(t, v.code(m, fixture.Tax))["access_token"].(string)
	inactive := map[string]any{"active": false}
	for name, c := range map[string][2]string{"another's": {"other", access}, "a code": {direct, code}, "an ID token": {direct, answer["id_token"].(string)},
		"FranceConnect's": {direct, francs}, "nothing of ours": {direct, "x"}, "a changed one": {direct, access[:len(access)-2] + "AA"}, "without its beginning": {direct, access[2:]}} {
		same(t, name, s.introspect(t, c[0], c[1]), inactive)
	}
	if a := s.call(t, direct, "/idp/introspect", url.Values{}); a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != "invalid_request" {
		t.Errorf("no token: %d %s", a.StatusCode, a.body)
	}
	if a := s.call(t, direct, "/idp/introspect", url.Values{"token": {access, access}}); a.json(t)["error"] != "invalid_request" {
		t.Errorf("two tokens: %d %s", a.StatusCode, a.body)
	}
	if a := s.stranger(t).post("/idp/introspect", url.Values{"token": {access}, "client_id": {direct}}); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.body, "active") {
		t.Errorf("a stranger: %d %s", a.StatusCode, a.body)
	}
	if n := len(s.entries(t)); n != 1 {
		t.Errorf("%d entries: asking is no act", n)
	}
}

// RFC 9701: the same as a JWT, for who is registered for one or asks for one.
func TestIntrospect_Signed(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("signed", func(c *client.Client) { c.IntrospectionAlg = "RS256" }))
	v, m := s.angela(t)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(s.stranger(t).get("/idp/jwks").body), &set); err != nil {
		t.Fatal(err)
	}
	for id, alg := range map[string]jose.SignatureAlgorithm{"signed": jose.RS256, direct: jose.ES256} {
		access := s.traded(t, id, v.codeFor(id, m, fixture.Tax))["access_token"].(string)
		for _, token := range []string{access, "x"} {
			a := s.call(t, id, "/idp/introspect", url.Values{"token": {token}}, "Accept", "application/json;q=0.5, application/token-introspection+jwt")
			if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/token-introspection+jwt" {
				t.Fatalf("%s: %d %s %s", id, a.StatusCode, a.Header.Get("Content-Type"), a.body)
			}
			parsed, err := jwt.ParseSigned(a.body, []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				Issuer   string         `json:"iss"`
				Audience string         `json:"aud"`
				Told     map[string]any `json:"token_introspection"`
				Sub      any            `json:"sub"`
				Exp      any            `json:"exp"`
			}
			if err := parsed.Claims(set, &claims); err != nil || claims.Issuer != s.url+"/idp" || claims.Audience != id || claims.Sub != nil || claims.Exp != nil ||
				parsed.Headers[0].ExtraHeaders[jose.HeaderType] != "token-introspection+jwt" || claims.Told["active"] != (token == access) {
				t.Errorf("%s: %+v %v", id, claims, err)
			}
		}
	}
	if a := s.call(t, "signed", "/idp/introspect", url.Values{"token": {"x"}}, "Accept", "application/json"); a.Header.Get("Content-Type") != "application/token-introspection+jwt" {
		t.Errorf("who is registered for a signature gets %s", a.Header.Get("Content-Type"))
	}
	if a := s.call(t, direct, "/idp/introspect", url.Values{"token": {"x"}}, "Accept", "application/json"); a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("who asks for no signature gets %s", a.Header.Get("Content-Type"))
	}
}

// A token for our API says nothing any more when its service may not ask any more.
func TestIntrospect_OfWhoMayNoLongerAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("asks", func(c *client.Client) { c.Decision = true }))
	form, proof := url.Values{"grant_type": {"client_credentials"}}, s.prover(t).proof(t, "POST", "/idp/token", "")
	access := s.call(t, "asks", "/idp/token", form, "DPoP", proof).json(t)["access_token"]
	if told := s.introspect(t, "asks", access); told["active"] != true {
		t.Errorf("%v", told)
	}
	s.register(t, publicService("asks", nil))
	same(t, "introspection", s.introspect(t, "asks", access), map[string]any{"active": false})
}

// RFC 7009: only the owner's word counts, and everybody hears the same.
func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("other", nil))
	v, m := s.angela(t)
	code := v.codeFor(direct, m, fixture.Tax)
	access := s.traded(t, direct, code)["access_token"]
	give := func(id string, form url.Values) answer { return s.call(t, id, "/idp/revoke", form) }
	for name, c := range map[string][2]string{"another service": {"other", access.(string)}, "what is no token": {direct, "x"}, "a code": {direct, code}} {
		if a := give(c[0], url.Values{"token": {c[1]}, "token_type_hint": {"refresh_token"}}); a.StatusCode != http.StatusOK || a.body != "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
			t.Errorf("%s ended it: %d", name, a.StatusCode)
		}
	}
	if a := give(direct, url.Values{}); a.StatusCode != http.StatusBadRequest {
		t.Errorf("no token: %d %s", a.StatusCode, a.body)
	}
	if a := s.stranger(t).post("/idp/revoke", url.Values{"token": {access.(string)}}); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", a.StatusCode, a.body)
	}
	for range 2 {
		if a := give(direct, url.Values{"token": {access.(string)}}); a.StatusCode != http.StatusOK {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	same(t, "introspection", s.introspect(t, direct, access), map[string]any{"active": false})
	if n := len(s.entries(t)); n != 1 {
		t.Errorf("%d entries: giving back is no act", n)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("it lives on: %d", a.StatusCode)
	}

	francs := s.token(t, v.code(m, fixture.Tax))["access_token"].(string)
	if a := s.stranger(t).post("/idp/revoke", url.Values{"token": {francs}, "client_id": {fc}, "client_secret": {secret + fc}}); a.StatusCode != http.StatusOK {
		t.Errorf("FranceConnect: %d %s", a.StatusCode, a.body)
	}
	if a := s.userinfo(t, francs); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("FranceConnect's lives on: %d", a.StatusCode)
	}
}

// Nobody is told that a token is over while it is not.
func TestRevoke_ThatFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))["access_token"].(string)
	s.handler.Store(ptr(s.failing()))
	if _, err := s.Connect(t, s.Superuser).Exec(t.Context(), `revoke update on idp_login from mandat_app`); err != nil {
		t.Fatal(err)
	}
	if a := s.call(t, direct, "/idp/revoke", url.Values{"token": {access}}); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
