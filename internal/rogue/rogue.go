package rogue

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"mandat/internal/token"
)

// Client is the one relying party that the provider knows.
type Client struct{ ID, Secret string }

// The endpoints, as Plan.Instead and Count name them.
const (
	Discovery  = "/.well-known/openid-configuration"
	JWKS       = "/jwks"
	Authorize  = "/authorize"
	Token      = "/token"
	Userinfo   = "/userinfo"
	EndSession = "/session/end"
	Moved      = "/moved" // serves Token too: somewhere to redirect to
)

// Plan is what the provider says, and how it lies. The functions change what would be sound; nil changes nothing.
type Plan struct {
	Subject  string
	ACR      string
	Info     map[string]any // claims of the userinfo
	Callback func(url.Values)
	IDToken  func(claims map[string]any)
	Userinfo func(claims map[string]any)

	SignIDToken, SignUserinfo Signature

	PlainUserinfo bool   // plain JSON, not a JWT
	UserinfoType  string // its Content-Type, "" for the right one

	// Instead answers at an endpoint in the provider's place.
	Instead map[string]http.HandlerFunc
}

// Provider is a running rogue provider.
type Provider struct {
	Issuer    string
	client    Client
	algorithm string
	server    *httptest.Server

	mu     sync.Mutex
	plan   Plan
	made   int   // keys
	key    key   // what it signs with
	public []key // what it publishes
	grants map[string]grant
	counts map[string]int
	asked  url.Values
	left   url.Values
}

// grant is what a code or an access token stands for.
type grant struct{ nonce, challenge, redirect string }

// New starts a provider that signs with an algorithm (RS256 or ES256). It ends with the test.
func New(t testing.TB, algorithm string, c Client) *Provider {
	t.Helper()
	p := &Provider{client: c, algorithm: algorithm, grants: map[string]grant{}, counts: map[string]int{}}
	p.key = p.newKey(algorithm)
	p.public = []key{p.key}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{Discovery: p.discovery, JWKS: p.jwks, Authorize: p.authorize, Token: p.token, Userinfo: p.userinfo, EndSession: p.endSession, Moved: p.token} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			p.counts[path]++
			instead := p.plan.Instead[path]
			p.mu.Unlock()
			if instead != nil {
				instead(w, r)
				return
			}
			serve(w, r)
		})
	}
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	p.Issuer = p.server.URL
	return p
}

// Play sets what the provider says from now on.
func (p *Provider) Play(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Rotate makes the provider sign with a new key, published or not. The old one is published no longer.
func (p *Provider) Rotate(publish bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = p.newKey(p.algorithm)
	p.public = []key{p.newKey(p.algorithm)}
	if publish {
		p.public = []key{p.key}
	}
}

// Publish adds a key to those that are published, which signs nothing.
func (p *Provider) Publish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.public = append(p.public, p.newKey(p.algorithm))
}

// Count is how often an endpoint was called.
func (p *Provider) Count(endpoint string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[endpoint]
}

// Asked returns the parameters of the last authorization request.
func (p *Provider) Asked() url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Left returns the parameters of the last end-session request, nil if there was none.
func (p *Provider) Left() url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// Close stops the provider before the test ends: nobody answers at its address any more.
func (p *Provider) Close() { p.server.Close() }

func (p *Provider) grant(g grant) string {
	secret := token.Hex(16)
	p.grants[secret] = g
	return secret
}

// take uses up a code or token.
func (p *Provider) take(secret string) (grant, bool) {
	g, ok := p.grants[secret]
	delete(p.grants, secret)
	return g, ok
}
