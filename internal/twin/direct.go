package twin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// DirectConfig is the services that talk to Mandat directly.
type DirectConfig struct {
	Port     int             `json:"port"` // on 127.0.0.6; 0: any free one
	Services []DirectService `json:"services,omitempty"`
}

// DirectService is a public service that is a client of Mandat's. Its page is Twin.Direct + "/" + ID, with the button
// login=ID, and introspect=ID, userinfo=ID, revoke=ID and logout=ID when somebody has come in. Its metadata are named as
// RFC 7591 does.
type DirectService struct {
	ID     string `json:"id"` // part of its addresses: letters, digits, hyphens
	Name   string `json:"name"`
	Issuer string `json:"issuer"` // Mandat's

	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret,omitempty"`
	Auth     string `json:"token_endpoint_auth_method"`                // client_secret_post, client_secret_basic, private_key_jwt
	AuthAlg  string `json:"token_endpoint_auth_signing_alg,omitempty"` // of private_key_jwt: ES256 (default) or RS256

	IDTokenAlg     string `json:"id_token_signed_response_alg,omitempty"`    // ES256 (default) or RS256
	UserinfoAlg    string `json:"userinfo_signed_response_alg,omitempty"`    // none: JSON
	UserinfoKeyAlg string `json:"userinfo_encrypted_response_alg,omitempty"` // none, ECDH-ES or RSA-OAEP-256

	Pushed               bool              `json:"pushed,omitempty"` // sends its requests by PAR
	DPoP                 bool              `json:"dpop,omitempty"`   // proves possession of a key
	Scope                string            `json:"scope,omitempty"`  // default: openid profile birth
	AuthorizationDetails []map[string]any  `json:"authorization_details,omitempty"`
	Parameters           map[string]string `json:"parameters,omitempty"` // further parameters of the request
}

// Callback is where a direct service wants the browser back: its addresses are registered at Mandat as redirect_uris, jwks_uri,
// post_logout_redirect_uris and backchannel_logout_uri.
func (t *Twin) Callback(id string) string { return t.Direct + "/" + id + "/callback" }

// Keys is where a direct service publishes its keys.
func (t *Twin) Keys(id string) string { return t.Direct + "/" + id + "/keys" }

// Home is the page of a direct service.
func (t *Twin) Home(id string) string { return t.Direct + "/" + id }

// Backchannel is where a direct service takes logout tokens.
func (t *Twin) Backchannel(id string) string { return t.Direct + "/" + id + "/backchannel" }

// EncryptionKeys is where FranceConnect publishes the keys to which identity providers encrypt.
func (t *Twin) EncryptionKeys() string { return t.FranceConnect + "/client/.well-known/keys" }

// Told is what a direct service was told, oldest first.
type Told struct {
	Logins  []ToldLogin  `json:"logins"`
	Logouts []ToldLogout `json:"logouts"`
	Error   string       `json:"error"` // the last one
}

// ToldLogin is what one login told.
type ToldLogin struct {
	At            string            `json:"at"`
	IDToken       map[string]any    `json:"id_token"`
	Answer        map[string]any    `json:"answer"` // of the token endpoint, without the tokens
	Userinfo      map[string]any    `json:"userinfo"`
	Again         map[string]any    `json:"again"` // the userinfo, asked for once more
	Introspection map[string]any    `json:"introspection"`
	Done          []string          `json:"done"`    // what went well of introspect, userinfo, revoke
	Refused       map[string]string `json:"refused"` // what did not, with the error
}

// ToldLogout is a logout token that came, or the browser of somebody who left, with the right state.
type ToldLogout struct {
	At       string         `json:"at"`
	Header   map[string]any `json:"header"`
	Claims   map[string]any `json:"claims"`
	Error    string         `json:"error"`    // why the token was refused
	Returned string         `json:"returned"` // not a token: the browser came back
}

// PutDirect adds a direct service, or replaces it. It keeps its keys and what it was told.
func (t *Twin) PutDirect(ctx context.Context, s DirectService) error {
	return t.put(ctx, "direct/services", s.ID, s)
}

// DeleteDirect forgets a direct service.
func (t *Twin) DeleteDirect(ctx context.Context, id string) error {
	return t.delete(ctx, "direct/services", id)
}

// Told returns what a direct service was told.
func (t *Twin) Told(ctx context.Context, id string) (told Told, err error) {
	return told, t.read(ctx, "/direct/told/"+url.PathEscape(id), &told)
}

// ToldFranceConnect returns what an identity provider, by uid, told FranceConnect last. Only ID token and userinfo are filled.
func (t *Twin) ToldFranceConnect(ctx context.Context, uid string) (told ToldLogin, err error) {
	return told, t.read(ctx, "/franceconnect/told/"+url.PathEscape(uid), &told)
}

func (t *Twin) read(ctx context.Context, path string, into any) error {
	body, err := t.call(ctx, http.MethodGet, path, nil)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return fmt.Errorf("twin told: %w", err)
	}
	return nil
}
