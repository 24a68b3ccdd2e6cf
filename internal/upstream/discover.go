package upstream

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// How long discovery holds, and how long a failure is answered without asking again.
const (
	discoveryLife = time.Hour
	failureLife   = time.Second
)

// endpoints returns what discovery told, asking when it is missing or old. Old endpoints are better than none.
func (p *Provider) endpoints(ctx context.Context) (*endpoints, error) {
	if e, err := p.known(); e != nil || err != nil {
		return e, err
	}
	select {
	case p.busy <- struct{}{}:
		defer func() { <-p.busy }()
	case <-ctx.Done():
		return nil, ErrUnavailable
	}
	if e, err := p.known(); e != nil || err != nil {
		return e, err
	}
	// The answer serves everybody who waits, so that it does not end with the request that asked.
	e, err := p.discover(context.WithoutCancel(ctx))
	if err != nil {
		e, err = p.discover(context.WithoutCancel(ctx)) // reading may be repeated
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed = time.Now()
		if p.found != nil {
			p.found.at = time.Now().Add(time.Minute - discoveryLife)
			return p.found, nil
		}
		return nil, errors.Join(ErrUnavailable, err)
	}
	p.found = e
	return e, nil
}

func (p *Provider) known() (*endpoints, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && time.Since(p.found.at) < discoveryLife {
		return p.found, nil
	}
	if p.found == nil && time.Since(p.failed) < failureLife {
		return nil, ErrUnavailable
	}
	return nil, nil
}

func (p *Provider) discover(ctx context.Context) (*endpoints, error) {
	told, err := oidc.NewProvider(oidc.ClientContext(ctx, p.http), p.config.Issuer)
	if err != nil {
		return nil, errors.New("discovery failed") // the library quotes what was answered
	}
	var more struct {
		JWKS       string `json:"jwks_uri"`
		EndSession string `json:"end_session_endpoint"`
	}
	if err := told.Claims(&more); err != nil {
		return nil, errors.New("discovery: not readable")
	}
	e := &endpoints{at: time.Now(), userinfo: told.UserInfoEndpoint(), endSession: more.EndSession}
	e.oauth = oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, RedirectURL: p.config.RedirectURL, Scopes: p.config.Scopes, Endpoint: told.Endpoint()}
	e.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams // client_secret_post, or our assertion (Exchange); a guess would send the code twice
	for _, address := range []string{e.oauth.Endpoint.AuthURL, e.oauth.Endpoint.TokenURL, e.userinfo, more.JWKS} {
		if err := p.sound(address); err != nil {
			return nil, err
		}
	}
	if more.EndSession != "" {
		if err := p.sound(more.EndSession); err != nil {
			return nil, err
		}
	}
	e.keys = newKeySet(p.http, more.JWKS)
	e.verifier = oidc.NewVerifier(p.config.Issuer, e.keys, &oidc.Config{
		ClientID:             p.config.ClientID,
		SupportedSigningAlgs: []string{p.config.Algorithm},
		SkipExpiryCheck:      true, // ours knows the skew (claims.go)
	})
	return e, nil
}

// sound refuses an endpoint that is less protected than the issuer.
func (p *Provider) sound(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return errors.New("discovery: an endpoint is missing")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname()) || !strings.HasPrefix(p.config.Issuer, "http:")) {
		return errors.New("discovery: an endpoint does not use https")
	}
	return nil
}
