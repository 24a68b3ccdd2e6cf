package clientauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/outward"
)

// How long what a client published is believed.
const (
	keysFresh    = 10 * time.Minute // then its address is asked again
	keysStale    = time.Hour        // while the address does not answer; then the keys are worth nothing
	refetchAfter = time.Minute      // a key that we do not know makes us ask again, at most this often
	retryAfter   = 10 * time.Second // an address that did not answer
)

// maxWaiting is how many requests wait while one asks at an address that does not answer soon: their places (page.RouterOptions) are everybody's.
const maxWaiting = 8

// ErrKeys says that the keys of a client cannot be had now.
var ErrKeys = errors.New("the keys of the client cannot be had")

// Keys are the keys of clients. It may be used concurrently.
type Keys struct {
	clock             *clock.Clock
	anywhere, outside *http.Client
	mu                sync.Mutex
	of                map[string]*published // by address; there are no more than registrations
}

// published are the keys at one address.
type published struct {
	mu      sync.Mutex    // never held while we ask
	asking  chan struct{} // closed when whoever asks has an answer, nil while nobody does
	waiting int           // for that
	keys    jose.JSONWebKeySet
	fetched time.Time // when we got them; zero is never
	failed  time.Time // when we last asked in vain
	again   time.Time // when we last asked because of an unknown key
}

// NewKeys returns keys of which none is known yet.
func NewKeys(c *clock.Clock) *Keys {
	return &Keys{clock: c, anywhere: outward.New(true), outside: outward.New(false), of: map[string]*published{}}
}

func (k *Keys) at(c *client.Client) *published {
	k.mu.Lock()
	defer k.mu.Unlock()
	// Who may reach what is part of the place: the operator's address may be inside our network.
	place := fmt.Sprint(c.Filed, " ", c.JWKSURI)
	if k.of[place] == nil {
		k.of[place] = &published{}
	}
	return k.of[place]
}

// Known returns the keys of a client if they are at hand. It never waits.
func (k *Keys) Known(c *client.Client) (jose.JSONWebKeySet, bool) {
	if c.JWKSURI == "" {
		keys, err := client.ReadKeys(c.JWKS)
		return keys, err == nil
	}
	p := k.at(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys, k.clock.Now().Sub(p.fetched) < keysFresh
}

// Fetch returns the keys of a client, and asks for them at its address when they are not at hand. It returns ErrKeys.
func (k *Keys) Fetch(ctx context.Context, c *client.Client) (jose.JSONWebKeySet, error) {
	return k.get(ctx, c, false)
}

// again is Fetch after a signature by a key that is not among them.
func (k *Keys) again(ctx context.Context, c *client.Client) (jose.JSONWebKeySet, error) {
	return k.get(ctx, c, true)
}

func (k *Keys) get(ctx context.Context, c *client.Client, unknown bool) (jose.JSONWebKeySet, error) {
	if c.JWKSURI == "" {
		keys, err := client.ReadKeys(c.JWKS)
		if err != nil {
			return keys, errors.Join(ErrKeys, err)
		}
		return keys, nil
	}
	p := k.at(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := k.clock.Now()
	switch {
	case p.asking != nil && (unknown || now.Sub(p.fetched) >= keysFresh):
		if !p.wait(ctx) && unknown { // what is at hand knows nothing of the key
			return jose.JSONWebKeySet{}, ErrKeys
		}
	case now.Sub(p.failed) >= retryAfter && p.due(now, unknown):
		p.take(now, func() (jose.JSONWebKeySet, error) { return k.ask(context.WithoutCancel(ctx), c) }) // the answer serves everybody who waits
	}
	if now.Sub(p.fetched) >= keysStale {
		return jose.JSONWebKeySet{}, ErrKeys
	}
	return p.keys, nil
}

// due reports whether the address has to be asked.
func (p *published) due(now time.Time, unknown bool) bool {
	old := now.Sub(p.fetched) >= keysFresh
	if !old && (!unknown || now.Sub(p.again) < refetchAfter) {
		return false
	}
	if unknown {
		p.again = now
	}
	return true
}

// take asks, without the lock.
func (p *published) take(now time.Time, ask func() (jose.JSONWebKeySet, error)) {
	p.asking = make(chan struct{})
	p.mu.Unlock()
	keys, err := ask()
	p.mu.Lock()
	if err == nil {
		p.keys, p.fetched = keys, now
	} else {
		p.failed = now
	}
	close(p.asking)
	p.asking = nil
}

// wait waits, without the lock, until whoever asks has an answer. It reports false when too many wait already, or the caller has gone.
func (p *published) wait(ctx context.Context) bool {
	if p.waiting >= maxWaiting {
		return false
	}
	answered := p.asking
	p.waiting++
	p.mu.Unlock()
	defer func() { p.mu.Lock(); p.waiting-- }()
	select {
	case <-answered:
		return true
	case <-ctx.Done():
		return false
	}
}

func (k *Keys) ask(ctx context.Context, c *client.Client) (jose.JSONWebKeySet, error) {
	var none jose.JSONWebKeySet
	way := k.outside
	if c.Filed {
		way = k.anywhere
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.JWKSURI, nil)
	if err != nil {
		return none, fmt.Errorf("ask for keys: %w", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	res, err := way.Do(req)
	if err != nil {
		return none, fmt.Errorf("ask for keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return none, fmt.Errorf("ask for keys: status %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, client.MaxJWKS+1))
	if err != nil {
		return none, fmt.Errorf("ask for keys: %w", err)
	}
	return client.ReadKeys(raw)
}
