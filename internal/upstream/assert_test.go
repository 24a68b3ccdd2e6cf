package upstream

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	ours "mandat/internal/oidc"
)

func signingKeys(t *testing.T) *ours.KeySet {
	t.Helper()
	now, err1 := ours.GenerateKey(ours.ES256)
	later, err2 := ours.GenerateKey(ours.ES256)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	set, err := ours.NewKeySet(ours.Keys{Current: now, Next: later.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// listener is a provider that keeps what comes to its token endpoint, and gives nothing. Its endpoint is at another address than its name.
func listener(t *testing.T) (issuer string, forms *[]url.Values) {
	t.Helper()
	forms = &[]url.Values{}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("GET /api/v2/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": server.URL + "/api/v2", "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/elsewhere/token",
			"userinfo_endpoint": server.URL + "/u", "jwks_uri": server.URL + "/k"})
	})
	mux.HandleFunc("POST /elsewhere/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*forms = append(*forms, r.PostForm)
		w.WriteHeader(http.StatusBadRequest)
	})
	return server.URL + "/api/v2", forms
}

// What we sign of ourselves is for this provider, for a minute, once; and a secret is not sent besides.
func TestExchange_Asserts(t *testing.T) {
	t.Parallel()
	issuer, forms := listener(t)
	set := signingKeys(t)
	p, err := New(Config{Issuer: issuer, ClientID: "mandat", Keys: func() *ours.KeySet { return set }, RedirectURL: "https://mandat.invalid/retour", Algorithm: "RS256"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Exchange(t.Context(), "code", "nonce", ""); err == nil {
			t.Fatal("an answer without tokens is believed")
		}
	}
	shown := httptest.NewRecorder()
	if err := ShowKeys(shown, set); err != nil || shown.Header().Get("Content-Type") != "application/jwk-set+json" {
		t.Fatalf("%v %v", err, shown.Header())
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(shown.Body.Bytes(), &published); err != nil || len(published.Keys) != 2 {
		t.Fatalf("%s %v", shown.Body, err)
	}
	seen := map[string]bool{}
	for _, form := range *forms {
		if form.Has("client_secret") || form.Get("client_id") != "mandat" || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			t.Errorf("sent %v", form)
		}
		parsed, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{}
		if err := parsed.Claims(&published, &claims); err != nil {
			t.Fatal(err)
		}
		id, _ := claims["jti"].(string)
		issued, _ := claims["iat"].(float64)
		if len(claims) != 6 || claims["iss"] != "mandat" || claims["sub"] != "mandat" || claims["aud"] != issuer || len(id) != 32 || seen[id] || claims["exp"] != issued+60 {
			t.Errorf("asserted %v", claims)
		}
		seen[id] = true
	}
	if len(*forms) != 2 {
		t.Errorf("%d requests", len(*forms))
	}
}

// Without a key there is nothing to say, and no request: the code is not burnt.
func TestExchange_WithoutKeys(t *testing.T) {
	t.Parallel()
	issuer, forms := listener(t)
	p, err := New(Config{Issuer: issuer, ClientID: "mandat", Keys: func() *ours.KeySet { return &ours.KeySet{} }, RedirectURL: "https://mandat.invalid/retour", Algorithm: "RS256"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exchange(t.Context(), "code", "nonce", ""); err == nil || len(*forms) != 0 {
		t.Errorf("%v, sent %v", err, *forms)
	}
}
