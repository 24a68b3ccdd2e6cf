package idp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// What we publish is what there is: each endpoint answers, with the method that it is for, and no list is empty.
func TestDiscovery_IsTrue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	published := s.stranger(t).get("/idp/.well-known/openid-configuration").json(t)
	for name, value := range published {
		address, isText := value.(string)
		if list, ok := value.([]any); ok && len(list) == 0 {
			t.Errorf("%s is empty", name)
		}
		if !isText || name == "issuer" || name == "op_policy_uri" {
			continue
		}
		path, ours := strings.CutPrefix(address, s.url)
		if !ours {
			t.Errorf("%s leads elsewhere: %s", name, address)
		}
		var a answer
		switch name {
		case "token_endpoint", "pushed_authorization_request_endpoint", "introspection_endpoint", "revocation_endpoint":
			a = s.stranger(t).post(path, url.Values{"client_id": {"nobody"}, "client_secret": {"x"}, "token": {"x"}})
			if a.StatusCode != http.StatusUnauthorized || a.json(t)["error"] != "invalid_client" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
		default:
			if a = s.stranger(t).get(path); a.StatusCode == http.StatusNotFound || a.StatusCode >= 500 {
				t.Errorf("%s: %d", name, a.StatusCode)
			}
		}
	}
	for name, want := range map[string]any{
		"request_parameter_supported": false, "request_uri_parameter_supported": false, "require_pushed_authorization_requests": false, "claims_parameter_supported": true,
		"authorization_response_iss_parameter_supported": true, "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
		"authorization_details_types_supported": []any{s.url + "/idp/types/mandate"}, "subject_types_supported": []any{"pairwise"}, "response_types_supported": []any{"code"},
		"response_modes_supported": []any{"query"}, "grant_types_supported": []any{"authorization_code", "client_credentials"}, "code_challenge_methods_supported": []any{"S256"},
		"id_token_signing_alg_values_supported": []any{"ES256", "RS256"}, "dpop_signing_alg_values_supported": []any{"ES256", "RS256"},
		"userinfo_encryption_alg_values_supported": []any{"ECDH-ES", "RSA-OAEP-256"}, "introspection_endpoint_auth_methods_supported": []any{"client_secret_post", "client_secret_basic", "private_key_jwt"},
		"prompt_values_supported": []any{"login", "consent", "select_account"},
	} {
		same(t, name, published[name], want)
	}
}

// A network that asks for very many logins is slowed down, before anything is asked of the database for it; nobody else is.
func TestAuthorize_SlowsDownWhoAsksTooOften(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ask := func(from, method string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/idp/authorize?client_id=nobody", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		(*s.handler.Load()).ServeHTTP(w, r)
		return w
	}
	slowed := 0
	for n := range 300 {
		method := []string{http.MethodGet, http.MethodPost}[n%2]
		switch w := ask("203.0.113.7:4321", method); {
		case w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" && strings.Contains(w.Body.String(), "Trop de demandes à la fois"):
			slowed++
		case w.Code != http.StatusBadRequest:
			t.Fatalf("%d: %d", n, w.Code)
		}
		if n < 200 && slowed > 0 {
			t.Fatalf("slowed down after %d", n)
		}
	}
	if slowed < 50 { // what refills while the test runs is let through
		t.Errorf("%d of 300 were slowed down", slowed)
	}
	for _, from := range []string{"198.51.100.7:4321", "127.0.0.1:4321"} {
		if w := ask(from, http.MethodGet); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", from, w.Code)
		}
	}
}
