package idp

import (
	"encoding/json"
	"net/http"
	"strings"

	"mandat/internal/client"
	"mandat/internal/dpop"
	"mandat/internal/idp/details"
	"mandat/internal/oidc"
)

// metadata writes the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). FranceConnect fetches it several
// times a login, so it is written once. What stands here is for every client; HS256 is not: FranceConnect alone may have it, by the
// registration that it has with us.
func (p *Provider) metadata() ([]byte, error) {
	signs, methods := []string{oidc.ES256, oidc.RS256}, []string{client.SecretPost, client.SecretBasic, client.PrivateKeyJWT}
	out := map[string]any{
		"issuer":                                         p.issuer,
		"authorization_endpoint":                         p.issuer + "/authorize",
		"token_endpoint":                                 p.issuer + "/token",
		"userinfo_endpoint":                              p.issuer + "/userinfo",
		"jwks_uri":                                       p.issuer + "/jwks",
		"end_session_endpoint":                           p.issuer + "/end_session",
		"pushed_authorization_request_endpoint":          p.issuer + "/par",
		"require_pushed_authorization_requests":          false, // some clients have to: it stands in their registration
		"introspection_endpoint":                         p.issuer + "/introspect",
		"revocation_endpoint":                            p.issuer + "/revoke",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "client_credentials"},
		"subject_types_supported":                        []string{"pairwise"},
		"id_token_signing_alg_values_supported":          signs,
		"userinfo_signing_alg_values_supported":          append([]string{"none"}, signs...),
		"userinfo_encryption_alg_values_supported":       []string{oidc.ECDHES, oidc.RSAOAEP256},
		"userinfo_encryption_enc_values_supported":       []string{oidc.A256GCM},
		"introspection_signing_alg_values_supported":     signs, // RFC 9701 §7
		"dpop_signing_alg_values_supported":              dpop.Algorithms(),
		"scopes_supported":                               oidc.Scopes(),
		"claims_supported":                               append([]string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "at_hash", "sid", "rep_scope", "act", "authorization_details"}, oidc.Claims()...),
		"acr_values_supported":                           []string{oidc.ACR},
		"authorization_details_types_supported":          []string{details.Type(p.issuer)},
		"prompt_values_supported":                        []string{"login", "consent", "select_account"}, // none never succeeds: the citizen is chosen each time
		"code_challenge_methods_supported":               []string{"S256"},
		"claims_parameter_supported":                     true,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false, // true when absent
		"authorization_response_iss_parameter_supported": true,  // RFC 9207
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
		"ui_locales_supported":                           []string{"fr", "en"},
		"op_policy_uri":                                  strings.TrimSuffix(p.issuer, "/idp") + "/mentions",
	}
	for _, endpoint := range []string{"token", "introspection", "revocation"} { // RFC 8414 §2; the one for pushing is as the token endpoint (RFC 9126 §2)
		out[endpoint+"_endpoint_auth_methods_supported"] = methods
		out[endpoint+"_endpoint_auth_signing_alg_values_supported"] = signs
	}
	return json.Marshal(out)
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
