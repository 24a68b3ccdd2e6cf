package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	ours "mandat/internal/oidc"
)

// ErrUnavailable says that the provider did not answer, or answered that it is broken. It may work later.
var ErrUnavailable = errors.New("the provider does not answer")

// Config is how we are registered at a provider.
type Config struct {
	Issuer       string // exactly as the provider writes it, without a final slash
	ClientID     string
	ClientSecret string              // client_secret_post; "" is private_key_jwt, with Keys
	Keys         func() *ours.KeySet // those that sign who we are, as they are now
	RedirectURL  string
	Algorithm    string // the one algorithm in which ID token and userinfo are signed: RS256 or ES256
	Scopes       []string
	AuthTime     bool          // an ID token that does not say when the person authenticated is refused
	Timeout      time.Duration // of one call; 0 is 10 s
}

// Provider is one OpenID provider. Use New.
type Provider struct {
	config Config
	http   *http.Client
	busy   chan struct{} // held by who discovers; the rest wait, and find the answer
	mu     sync.Mutex
	found  *endpoints
	failed time.Time
}

// endpoints is what discovery told.
type endpoints struct {
	at         time.Time
	oauth      oauth2.Config
	userinfo   string
	endSession string
	keys       *keySet
	verifier   *oidc.IDTokenVerifier
}

// New returns a provider without asking it anything. The issuer must use https, or http on a loopback address.
func New(c Config) (*Provider, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("provider: the issuer is not an address")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("provider: the issuer must use https")
	}
	if c.Algorithm != oidc.RS256 && c.Algorithm != oidc.ES256 {
		return nil, errors.New("provider: the algorithm must be RS256 or ES256")
	}
	if c.ClientID == "" || c.RedirectURL == "" {
		return nil, errors.New("provider: client id and redirect address are needed")
	}
	if (c.ClientSecret == "") == (c.Keys == nil) {
		return nil, errors.New("provider: want a client secret or keys that sign who we are, and not both")
	}
	return &Provider{config: c, http: newClient(c.Timeout), busy: make(chan struct{}, 1)}, nil
}

// Issuer is the provider's name, for comparing.
func (p *Provider) Issuer() string { return p.config.Issuer }

// Origin is the provider's origin ("https://host"), for form-action.
func (p *Provider) Origin() string {
	u, err := url.Parse(p.config.Issuer)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// AuthURL returns where to send the browser, or ErrUnavailable. more are further parameters.
func (p *Provider) AuthURL(ctx context.Context, state, nonce string, more ...oauth2.AuthCodeOption) (string, error) {
	e, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	return e.oauth.AuthCodeURL(state, append(more, oidc.Nonce(nonce))...), nil
}

// EndSessionURL returns where to send the browser to be signed out there, with the given parameters (RP-Initiated Logout
// 1.0), or "" when the provider has no such address.
func (p *Provider) EndSessionURL(ctx context.Context, parameters url.Values) (string, error) {
	e, err := p.endpoints(ctx)
	if err != nil || e.endSession == "" {
		return "", err
	}
	u, err := url.Parse(e.endSession)
	if err != nil {
		return "", fmt.Errorf("end session address: %w", err)
	}
	q := u.Query()
	for name, values := range parameters {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
