package client

import (
	"encoding/json"
	"strings"
	"time"

	"mandat/internal/oidc"
	"mandat/internal/procedure"
)

// Kind says what a client is to us.
type Kind string

// The kinds of clients.
const (
	// FranceConnect carries identities to services that we never learn of. It sends no PKCE, so that a nonce is required
	// instead, and is told of nobody whom FranceConnect itself did not identify.
	FranceConnect Kind = "franceconnect"
	// Service is a public service that talks to us directly: it is told who acts, for whom, for what and until when, and is held
	// to the procedures it serves.
	Service Kind = "service"
)

// The ways a client proves who it is (OpenID Connect Core §9). A client has one of them.
const (
	SecretPost    = "client_secret_post" // the only one FranceConnect offers identity providers
	SecretBasic   = "client_secret_basic"
	PrivateKeyJWT = "private_key_jwt"
)

// Limits of a registration.
const (
	MaxID      = 128  // bytes of a client_id
	maxAddress = 2048 // bytes of a URI
	maxName    = 200  // letters
	maxList    = 100  // URIs of one kind

	maxProcedures = 500
)

// Scopes are what a client may ask for, in JSON one string with spaces between (RFC 7591 §2).
type Scopes []string

// MarshalText writes the string.
func (s Scopes) MarshalText() ([]byte, error) { return []byte(strings.Join(s, " ")), nil }

// UnmarshalText reads it.
func (s *Scopes) UnmarshalText(text []byte) error {
	*s = strings.Fields(string(text))
	return nil
}

// Client is a relying party that is registered with us. The names in JSON are those of OpenID Connect Dynamic Client
// Registration and its relatives where they have one.
type Client struct {
	ID         string `json:"client_id"`
	Name       string `json:"client_name"` // shown to aidants
	Kind       Kind   `json:"kind"`
	Secret     Secret `json:"client_secret,omitzero"` // in clear, or as "sha256:" and base64url; none for private_key_jwt
	Auth       string `json:"token_endpoint_auth_method"`
	AuthAlg    string `json:"token_endpoint_auth_signing_alg,omitempty"` // of private_key_jwt: ES256 or RS256
	Sector     string `json:"sector,omitempty"`                          // clients of one sector see the same sub; none is the client alone
	PushedOnly bool   `json:"require_pushed_authorization_requests,omitempty"`
	DPoP       bool   `json:"dpop_bound_access_tokens,omitempty"` // RFC 9449 §5.2
	Decision   bool   `json:"decision,omitempty"`                 // may ask the decision API

	RedirectURIs           []string `json:"redirect_uris"`                       // compared as exact strings
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"` // compared as exact strings
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelSession     bool     `json:"backchannel_logout_session_required,omitempty"`

	JWKS    json.RawMessage `json:"jwks,omitempty"` // its public keys (RFC 7517), or where they are: one of them
	JWKSURI string          `json:"jwks_uri,omitempty"`

	IDTokenAlg       string `json:"id_token_signed_response_alg,omitempty"`      // none is ES256
	UserInfoAlg      string `json:"userinfo_signed_response_alg,omitempty"`      // none is JSON
	UserInfoKeyAlg   string `json:"userinfo_encrypted_response_alg,omitempty"`   // none is not encrypted
	UserInfoEnc      string `json:"userinfo_encrypted_response_enc,omitempty"`   // A256GCM
	IntrospectionAlg string `json:"introspection_signed_response_alg,omitempty"` // none is JSON

	Scopes        Scopes              `json:"scope,omitempty"`          // none is openid alone for a service, all we know for FranceConnect
	Procedures    []string            `json:"procedures,omitempty"`     // that a service serves: keys of the catalogue
	IdentityLevel procedure.Assurance `json:"identity_level,omitempty"` // how surely the citizen must be known; none is by FranceConnect

	TokensSince time.Time `json:"tokens_since,omitzero"` // what a service was given before is worth nothing; in the file only, for others we keep it

	Filed bool `json:"-"` // it stands in the clients file: the operator registered it, not an administrator
}

// Direct reports whether the client is a service that talks to us itself.
func (c *Client) Direct() bool { return c.Kind == Service }

// AllowedScopes are the scopes that this client may have.
func (c *Client) AllowedScopes() []string {
	switch {
	case len(c.Scopes) > 0:
		return c.Scopes
	case c.Direct():
		return []string{oidc.ScopeOpenID}
	}
	return oidc.Scopes()
}

// AllowedClaims are the userinfo claims that this client may be told.
func (c *Client) AllowedClaims() []string {
	var out []string
	for _, scope := range c.AllowedScopes() {
		out = append(out, oidc.ScopeClaims(scope)...)
	}
	return out
}

// Counts reports whether a code or token that the client was given at a time may still be worth something: not if it was closed since, or
// proves itself by other credentials because those before may be somebody else's.
func (c *Client) Counts(given time.Time) bool { return !given.Before(c.TokensSince) }

// SectorName is the name under which subjects of this client are kept.
func (c *Client) SectorName() string {
	if c.Sector == "" {
		return c.ID
	}
	return c.Sector
}

// Level is how surely a citizen must be known for this client.
func (c *Client) Level() procedure.Assurance {
	if c.IdentityLevel == "" {
		return procedure.FranceConnect
	}
	return c.IdentityLevel
}

// SigningAlg is the algorithm of this client's ID tokens.
func (c *Client) SigningAlg() string {
	if c.IDTokenAlg == "" {
		return oidc.ES256
	}
	return c.IDTokenAlg
}
