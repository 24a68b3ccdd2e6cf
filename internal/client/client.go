package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	MaxAddress = 2048 // bytes of a URI
	maxName    = 200
	maxList    = 100 // URIs of one kind
)

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

	Scopes        []string            `json:"scopes,omitempty"`         // none is all we know
	Procedures    []string            `json:"procedures,omitempty"`     // that a service serves: keys of the catalogue
	IdentityLevel procedure.Assurance `json:"identity_level,omitempty"` // how surely the citizen must be known; none is by FranceConnect

	Filed bool `json:"-"` // it stands in the clients file: the operator registered it, not an administrator
}

// Direct reports whether the client is a service that talks to us itself.
func (c *Client) Direct() bool { return c.Kind == Service }

// AllowedScopes are the scopes that this client may have.
func (c *Client) AllowedScopes() []string {
	if len(c.Scopes) == 0 {
		return oidc.Scopes()
	}
	return c.Scopes
}

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
		return "ES256"
	}
	return c.IDTokenAlg
}

// Check reports what is wrong with a registration.
func (c *Client) Check() error {
	if c.ID == "" || len(c.ID) > MaxID {
		return errors.New("a client without client_id, or with one that is too long")
	}
	for _, check := range []func() error{c.checkKind, c.checkAuthentication, c.checkAlgorithms, c.checkKeys, c.checkAddresses} {
		if err := check(); err != nil {
			return fmt.Errorf("client %s: %w", c.ID, err)
		}
	}
	return nil
}

func (c *Client) checkKind() error {
	for _, scope := range c.Scopes {
		if !slices.Contains(oidc.Scopes(), scope) {
			return fmt.Errorf("unknown scope %s", scope)
		}
	}
	switch {
	case len(c.Name) > maxName:
		return errors.New("client_name is too long")
	case c.Kind != FranceConnect && c.Kind != Service:
		return fmt.Errorf("kind is neither %s nor %s", FranceConnect, Service)
	case c.Kind == FranceConnect && c.Level() != procedure.FranceConnect:
		return errors.New("identity_level: FranceConnect is told of nobody whom it did not identify")
	case c.Kind == FranceConnect && (len(c.Procedures) > 0 || c.Decision):
		return errors.New("procedures and decision are for a service")
	case c.Kind == Service && len(c.Procedures) == 0:
		return errors.New("procedures: a service says which it serves")
	case !slices.Contains(procedure.Assurances(), c.Level()):
		return errors.New("identity_level: unknown")
	}
	return nil
}

func (c *Client) checkAuthentication() error {
	switch c.Auth {
	case SecretPost, SecretBasic:
		if c.Secret.hash == nil {
			return errors.New("no client_secret")
		}
	case PrivateKeyJWT:
		if c.AuthAlg != "ES256" && c.AuthAlg != "RS256" {
			return errors.New("token_endpoint_auth_signing_alg is neither ES256 nor RS256")
		}
		if c.Secret.hash != nil {
			return errors.New("client_secret: private_key_jwt has none")
		}
		if len(c.JWKS) == 0 && c.JWKSURI == "" {
			return errors.New("private_key_jwt needs jwks or jwks_uri")
		}
	default:
		return fmt.Errorf("token_endpoint_auth_method is none of %s, %s, %s", SecretPost, SecretBasic, PrivateKeyJWT)
	}
	return nil
}

func (c *Client) checkAlgorithms() error {
	for name, alg := range map[string]string{"id_token_signed_response_alg": c.SigningAlg(), "userinfo_signed_response_alg": c.UserInfoAlg, "introspection_signed_response_alg": c.IntrospectionAlg} {
		switch {
		case alg == "ES256" || alg == "RS256" || alg == "" && name != "id_token_signed_response_alg":
		case alg == "HS256" && c.Kind == FranceConnect && c.Secret.clear != nil && name != "introspection_signed_response_alg":
		default:
			return fmt.Errorf("%s is not one that this client can have", name)
		}
	}
	switch {
	case c.UserInfoKeyAlg == "" && c.UserInfoEnc == "":
	case c.UserInfoKeyAlg != "ECDH-ES" && c.UserInfoKeyAlg != "RSA-OAEP-256" || c.UserInfoEnc != "A256GCM":
		return errors.New("userinfo is encrypted by ECDH-ES or RSA-OAEP-256, with A256GCM")
	case c.UserInfoAlg == "":
		return errors.New("userinfo that is encrypted is signed too")
	case len(c.JWKS) == 0 && c.JWKSURI == "":
		return errors.New("encrypted userinfo needs jwks or jwks_uri")
	}
	return nil
}

func (c *Client) checkAddresses() error {
	if len(c.RedirectURIs) == 0 {
		return errors.New("no redirect_uris")
	}
	if len(c.RedirectURIs) > maxList || len(c.PostLogoutRedirectURIs) > maxList {
		return errors.New("too many addresses")
	}
	all := slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs)
	for _, one := range []string{c.BackchannelLogoutURI, c.JWKSURI} {
		if one != "" {
			all = append(all, one)
		}
	}
	for _, address := range all {
		if err := checkAddress(address); err != nil {
			return err
		}
	}
	return nil
}
