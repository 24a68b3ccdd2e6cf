package idp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"mandat/internal/oidc"
	"mandat/internal/token"
)

// The ways a client proves who it is at the token endpoint (OpenID Connect Core §9). A client has one of them.
const (
	SecretPost  = "client_secret_post" // the only one FranceConnect offers identity providers
	SecretBasic = "client_secret_basic"
)

// minSecret is the least number of characters of a client's secret. It is what FranceConnect's registration demands.
const minSecret = 32

// Client is a relying party that is registered with us, as it stands in the clients file.
type Client struct {
	ID                     string   `json:"client_id"`
	Name                   string   `json:"name"`                      // shown to aidants
	Secret                 Secret   `json:"client_secret"`             // in clear, or as "sha256:" and base64url
	Auth                   string   `json:"auth_method"`               // SecretPost or SecretBasic
	RedirectURIs           []string `json:"redirect_uris"`             // compared as exact strings
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"` // compared as exact strings
	Scopes                 []string `json:"scopes"`                    // none is all we know
	Sector                 string   `json:"sector"`                    // clients of one sector see the same sub; none is the client alone
	WithoutPKCE            bool     `json:"without_pkce"`              // only FranceConnect, whose provider side sends none; nonce is required instead
	PlainUserInfo          bool     `json:"plain_userinfo"`            // userinfo as JSON; else as a signed JWT
}

// Secret is the SHA-256 of a client's secret. A secret has at least 32 characters of chance, so one round of hashing is
// enough, and a wrong guess costs us nothing (a slow hash here is a way to burn a server's processor).
type Secret struct{ hash []byte }

// NewSecret returns the hash of a secret in clear.
func NewSecret(clear string) Secret { return Secret{token.Hash(clear)} }

// String keeps the hash out of logs.
func (Secret) String() string { return "[redacted]" }

// UnmarshalJSON reads a secret in clear or as its hash.
func (s *Secret) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("client_secret: not a text")
	}
	if digest, ok := strings.CutPrefix(text, "sha256:"); ok {
		hash, err := base64.RawURLEncoding.DecodeString(digest)
		if err != nil || len(hash) != 32 {
			return errors.New("client_secret: after sha256: come 43 characters of base64url")
		}
		s.hash = hash
		return nil
	}
	if len(text) < minSecret {
		return fmt.Errorf("client_secret: shorter than %d characters", minSecret)
	}
	*s = NewSecret(text)
	return nil
}

// ReadClients reads a clients file: a JSON array of Client.
func ReadClients(file io.Reader) ([]Client, error) {
	var clients []Client
	d := json.NewDecoder(file)
	d.DisallowUnknownFields()
	if err := d.Decode(&clients); err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	for _, c := range clients {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("read clients: %w", err)
		}
	}
	return clients, nil
}

// check reports what is wrong with a registration.
func (c Client) check() error {
	switch {
	case c.ID == "" || len(c.ID) > maxClientID:
		return errors.New("a client without client_id, or with one that is too long")
	case c.Secret.hash == nil:
		return fmt.Errorf("client %s: no client_secret", c.ID)
	case c.Auth != SecretPost && c.Auth != SecretBasic:
		return fmt.Errorf("client %s: auth_method is neither %s nor %s", c.ID, SecretPost, SecretBasic)
	case len(c.RedirectURIs) == 0:
		return fmt.Errorf("client %s: no redirect_uris", c.ID)
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(oidc.Scopes(), scope) {
			return fmt.Errorf("client %s: unknown scope %s", c.ID, scope)
		}
	}
	for _, address := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if err := checkAddress(address); err != nil {
			return fmt.Errorf("client %s: %w", c.ID, err)
		}
	}
	return nil
}

// checkAddress refuses what a browser must not be sent to: plain http outside this machine, and fragments (RFC 6749 §3.1.2).
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#") || len(address) > maxRedirectURI {
		return fmt.Errorf("address %q: not an absolute URL without user and fragment", address)
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && !ip.IsLoopback()) {
		return fmt.Errorf("address %q: https is needed outside this machine", address)
	}
	return nil
}

// scopes are the scopes that this client may have.
func (c *Client) scopes() []string {
	if len(c.Scopes) == 0 {
		return oidc.Scopes()
	}
	return c.Scopes
}

// sector is the name under which subjects of this client are kept.
func (c *Client) sector() string {
	if c.Sector == "" {
		return c.ID
	}
	return c.Sector
}

// origin returns the origin of an address, as a content security policy wants it.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
