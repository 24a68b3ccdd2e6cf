package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// refetchAfter is how long a set of keys is not asked for again, whatever signatures strangers make up.
const refetchAfter = time.Minute

// errSignature says that no published key made the signature.
var errSignature = errors.New("signature")

// keySet is a provider's published keys; it implements oidc.KeySet.
type keySet struct {
	http    *http.Client
	address string
	mu      sync.Mutex
	keys    []jose.JSONWebKey
	asked   time.Time // when the keys that we have were asked for
	again   time.Time // when they were last asked for because of a signature that none of them made
}

func newKeySet(c *http.Client, address string) *keySet { return &keySet{http: c, address: address} }

// VerifySignature returns the payload of a JWS signed by one of the provider's keys. The caller has checked the algorithm.
func (k *keySet) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errSignature
	}
	keys, fresh, err := k.current(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	if payload, ok := verify(jws, keys); ok {
		return payload, nil
	}
	if keys, _, err = k.current(ctx, fresh); err != nil {
		return nil, err
	}
	if payload, ok := verify(jws, keys); ok {
		return payload, nil
	}
	return nil, errSignature
}

func verify(jws *jose.JSONWebSignature, keys []jose.JSONWebKey) ([]byte, bool) {
	header := jws.Signatures[0].Header
	for _, key := range keys {
		if key.KeyID != header.KeyID && header.KeyID != "" || key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != header.Algorithm || !key.IsPublic() {
			continue
		}
		if payload, err := jws.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// current returns keys that were asked for after seen, unless somebody asked again less than refetchAfter ago.
func (k *keySet) current(ctx context.Context, seen time.Time) ([]jose.JSONWebKey, time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys != nil && (k.asked.After(seen) || time.Since(k.again) < refetchAfter) {
		return k.keys, k.asked, nil
	}
	now := time.Now()
	if k.keys != nil {
		k.again = now
	}
	ctx = context.WithoutCancel(ctx) // the answer serves everybody who waits
	keys, err := k.fetch(ctx)
	if err != nil {
		keys, err = k.fetch(ctx) // reading may be repeated
	}
	if err != nil && k.keys != nil {
		return k.keys, k.asked, nil
	}
	if err != nil {
		return nil, time.Time{}, errors.Join(ErrUnavailable, err)
	}
	k.keys, k.asked = keys, now
	return keys, now, nil
}

func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	res, err := k.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys: status %d", res.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		return nil, errors.New("fetch keys: not readable")
	}
	var out []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil { // keys of kinds we do not know are for others
			out = append(out, key)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("fetch keys: none")
	}
	return out, nil
}
