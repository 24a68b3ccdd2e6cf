package clientauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

// Config says who we are and who our clients are.
type Config struct {
	Issuer  string
	Clients *client.Registry
}

// Gate finds out who calls. It may be used concurrently.
type Gate struct {
	issuer  string
	clients *client.Registry
	db      *db.DB
	clock   *clock.Clock
	keys    *Keys

	failedID, failedAddress, perClient, perAddress *limiter

	failures, slowed atomic.Int64
	decoys           []jose.JSONWebKey
}

// New returns a gate.
func New(c Config, d *db.DB, k *clock.Clock) (*Gate, error) {
	decoys, err := makeDecoys()
	if err != nil {
		return nil, fmt.Errorf("client authentication: %w", err)
	}
	return &Gate{issuer: c.Issuer, clients: c.Clients, db: d, clock: k, keys: NewKeys(k), decoys: decoys,
		failedID: newLimiter(time.Second, 10), failedAddress: newLimiter(time.Second, 30),
		perClient: newLimiter(time.Second/100, 500), perAddress: newLimiter(time.Second/20, 200)}, nil
}

// Keys are those of our clients.
func (g *Gate) Keys() *Keys { return g.keys }

// Authenticate finds out which client sends a form. What refuses it is an *oidc.Error, for Refuse; any other error is ours, or of the body. A
// client that calls too often gets oidc.SlowDown.
func (g *Gate) Authenticate(r *http.Request) (*client.Client, error) {
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, err
		}
		return nil, oidc.Refuse(oidc.InvalidRequest, "the body is not a form")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, oidc.Refuse(oidc.InvalidRequest, "a parameter was sent more than once")
		}
	}
	p, refusal := readProof(r)
	if refusal != nil {
		return nil, refusal
	}
	caller, err := g.clients.Find(r.Context(), p.id)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return nil, fmt.Errorf("authenticate client: %w", err)
	}
	if err != nil || caller.Auth != p.way {
		caller = nobody
	}
	proved, err := g.proves(r.Context(), p, caller)
	switch {
	case errors.Is(err, ErrKeys):
		return nil, g.Refused(r, p.id, oidc.Refuse(oidc.TemporarilyUnavailable, "the keys of the client cannot be had"))
	case err != nil:
		return nil, fmt.Errorf("authenticate client: %w", err)
	case !proved || caller == nobody:
		return nil, g.Refused(r, p.id, oidc.Refuse(oidc.InvalidClient, "client authentication failed"))
	}
	if refusal := g.Spend(caller); refusal != nil {
		return nil, refusal
	}
	return caller, nil
}

// nobody stands for every client that is unknown, or has another way than the one that was tried, so that these cost what a wrong secret costs.
var nobody = &client.Client{Secret: client.NewSecret("\x00")}

// proves reports whether a proof is the client's.
func (g *Gate) proves(ctx context.Context, p proof, caller *client.Client) (bool, error) {
	if p.way != client.PrivateKeyJWT {
		return caller.Secret.Matches(p.secret), nil
	}
	now := g.clock.Now()
	if caller == nobody {
		p.assertion.signedBy(g.decoys)
		return false, nil
	}
	if p.assertion.Algorithm != caller.AuthAlg || !p.assertion.stands(g.issuer, now) {
		return false, nil
	}
	signed, err := g.signed(ctx, p.assertion, caller)
	if !signed || err != nil {
		return false, err
	}
	return g.first(ctx, caller.ID, p.assertion)
}

// signed reports whether one of the client's keys made the signature. A key that we do not know may be new.
func (g *Gate) signed(ctx context.Context, a assertion, caller *client.Client) (bool, error) {
	keys, err := g.keys.Fetch(ctx, caller)
	if err != nil {
		return false, err
	}
	if a.signedBy(keys.Keys) {
		return true, nil
	}
	if keys, err = g.keys.again(ctx, caller); err != nil {
		return false, err
	}
	return a.signedBy(keys.Keys), nil
}

// makeDecoys makes a key of each kind, which nobody has. The RSA modulus is any odd number of that length.
func makeDecoys() ([]jose.JSONWebKey, error) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(token.Bytes(256))
	n.SetBit(n.SetBit(n, 2047, 1), 0, 1)
	return []jose.JSONWebKey{{Key: &curve.PublicKey}, {Key: &rsa.PublicKey{N: n, E: 65537}}}, nil
}
