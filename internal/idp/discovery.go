package idp

import (
	"encoding/json"
	"net/http"

	"mandat/internal/client"
	"mandat/internal/idp/details"
	"mandat/internal/oidc"
)

// metadata writes the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). FranceConnect fetches it several
// times a login, so it is written once.
func (p *Provider) metadata() ([]byte, error) {
	return json.Marshal(map[string]any{
		"issuer":                                         p.issuer,
		"authorization_endpoint":                         p.issuer + "/authorize",
		"token_endpoint":                                 p.issuer + "/token",
		"userinfo_endpoint":                              p.issuer + "/userinfo",
		"jwks_uri":                                       p.issuer + "/jwks",
		"end_session_endpoint":                           p.issuer + "/end_session",
		"pushed_authorization_request_endpoint":          p.issuer + "/par",
		"require_pushed_authorization_requests":          false, // some clients have to: it stands in their registration
		"authorization_details_types_supported":          []string{details.Type(p.issuer)},
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"pairwise"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"userinfo_signing_alg_values_supported":          []string{"ES256", "none"},
		"token_endpoint_auth_methods_supported":          []string{client.SecretPost, client.SecretBasic},
		"scopes_supported":                               oidc.Scopes(),
		"claims_supported":                               append([]string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "at_hash", "sid", "rep_scope"}, oidc.Claims()...),
		"acr_values_supported":                           []string{oidc.ACR},
		"prompt_values_supported":                        []string{"login", "consent", "select_account"},
		"code_challenge_methods_supported":               []string{"S256"},
		"claims_parameter_supported":                     true,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false, // true when absent
		"authorization_response_iss_parameter_supported": true,  // RFC 9207
		"ui_locales_supported":                           []string{"fr", "en"},
	})
}

// showMetadata serves the discovery document.
func (p *Provider) showMetadata(w http.ResponseWriter, _ *http.Request) error {
	return static(w, "application/json", p.discovery)
}

// showType serves the JSON Schema of our type of authorization_details, at the address that is its name.
func (p *Provider) showType(w http.ResponseWriter, _ *http.Request) error {
	return static(w, "application/schema+json", p.schema)
}

// showKeys serves our public keys. They may be kept an hour: the next key is published long before it signs.
func (p *Provider) showKeys(w http.ResponseWriter, _ *http.Request) error {
	return static(w, "application/jwk-set+json", p.keys().JWKS())
}

func static(w http.ResponseWriter, kind string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(body) // an error here is a client that has gone
	return nil
}
