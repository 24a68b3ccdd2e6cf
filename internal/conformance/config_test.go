package conformance

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

var config = []trial[*op]{
	{name: "oidcc-discovery-endpoint-verification", run: discovery, note: "https is the deployment's: BASE_URL has to have it outside this machine"},
}

// required are the members that OpenID Connect Discovery §3 wants, and those without which a client could not know what we do.
var required = []string{"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "scopes_supported", "response_types_supported", "subject_types_supported",
	"id_token_signing_alg_values_supported", "claims_supported", "token_endpoint_auth_methods_supported", "response_modes_supported", "grant_types_supported"}

func discovery(t *testing.T, o *op) {
	issuer := o.URL + "/idp"
	for _, name := range required {
		if o.metadata[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	if o.metadata["issuer"] != issuer {
		t.Errorf("issuer %v", o.metadata["issuer"])
	}
	for name, value := range o.metadata {
		if address, ok := value.(string); ok && (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) && !strings.HasPrefix(address, o.URL+"/") {
			t.Errorf("%s is at %s", name, address)
		}
		if list, ok := value.([]any); ok && len(list) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	for name, value := range map[string]string{"scopes_supported": "openid", "response_types_supported": "code", "subject_types_supported": "pairwise", "grant_types_supported": "authorization_code",
		"id_token_signing_alg_values_supported": "RS256"} {
		if list, _ := o.metadata[name].([]any); !slices.Contains(list, any(value)) {
			t.Errorf("%s has no %s: %v", name, value, list)
		}
	}
	for _, name := range []string{"claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"} {
		if _, ok := o.metadata[name].(bool); !ok {
			t.Errorf("%s is not said", name)
		}
	}
	keys(t, o)
}

// keys expects public keys for each algorithm, of one id each, and nothing private.
func keys(t *testing.T, o *op) {
	t.Helper()
	p := o.stranger(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.endpoint(t, "jwks_uri"), nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body := p.do(r)
	var set jose.JSONWebKeySet
	var bare struct{ Keys []map[string]any }
	if status != http.StatusOK || json.Unmarshal(body, &set) != nil || json.Unmarshal(body, &bare) != nil {
		t.Fatalf("keys: %d %s", status, body)
	}
	seen, algorithms := map[string]bool{}, map[string]bool{}
	for n, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() || k.KeyID == "" || seen[k.KeyID] || k.Use != "sig" {
			t.Errorf("key %v", bare.Keys[n])
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if bare.Keys[n][private] != nil {
				t.Errorf("key %s has %s", k.KeyID, private)
			}
		}
		seen[k.KeyID], algorithms[k.Algorithm] = true, true
	}
	for _, a := range o.metadata["id_token_signing_alg_values_supported"].([]any) {
		if a != "HS256" && !algorithms[a.(string)] {
			t.Errorf("no key for %v", a)
		}
	}
}
