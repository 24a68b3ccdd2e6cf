package client

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/oidc"
)

// Limits of a client's keys.
const (
	MaxJWKS = 64 << 10 // bytes of a JWK set
	maxKeys = 20
	minRSA  = 2048 // bits
	maxKID  = 256
)

var errKeys = errors.New("not a JSON Web Key Set (RFC 7517)")

// ReadKeys reads a JWK set that a client publishes. Keys of kinds we do not use are for others, and are left out. An error says that it is no set,
// or that nothing of it can be used.
func ReadKeys(raw []byte) (jose.JSONWebKeySet, error) {
	var out jose.JSONWebKeySet
	all, err := splitKeys(raw)
	if err != nil {
		return out, err
	}
	for _, one := range all {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(one) == nil && checkKey(key) == nil {
			out.Keys = append(out.Keys, key)
		}
	}
	if len(out.Keys) == 0 {
		return out, errors.New("no key that can be used")
	}
	return out, nil
}

func splitKeys(raw []byte) ([]json.RawMessage, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(raw) > MaxJWKS || json.Unmarshal(raw, &set) != nil || len(set.Keys) == 0 {
		return nil, errKeys
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	return set.Keys, nil
}

// checkKey says why a key cannot be a client's. It never quotes the key.
func checkKey(key jose.JSONWebKey) error {
	switch {
	case len(key.KeyID) > maxKID:
		return errors.New("a kid is too long")
	case key.Use != "" && key.Use != "sig" && key.Use != "enc":
		return errors.New("use is neither sig nor enc")
	}
	switch public := key.Key.(type) {
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return errors.New("an EC key is not on P-256")
		}
	case *rsa.PublicKey:
		if public.N.BitLen() < minRSA || public.E < 65537 { // very large ones were not read
			return fmt.Errorf("an RSA key has fewer than %d bits, or a small exponent", minRSA)
		}
	default:
		return errors.New("a key is neither an EC key on P-256 nor an RSA key, or is not public")
	}
	if key.Algorithm != "" && !oidc.Fits(key, key.Algorithm) {
		return errors.New("alg is none that we use with this kind of key")
	}
	return nil
}

// checkKeys looks at keys that a registration brings along: all of them can be used, and there is one for each thing that the client does.
func (c *Client) checkKeys() error {
	all, err := splitKeys(c.JWKS)
	if err != nil {
		return err
	}
	var set []jose.JSONWebKey
	for _, one := range all {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(one); err != nil {
			return errors.New("a key cannot be read")
		}
		if err := checkKey(key); err != nil {
			return err
		}
		set = append(set, key)
	}
	if c.Auth == PrivateKeyJWT && !anyFits(set, c.AuthAlg) {
		return errors.New("no key for token_endpoint_auth_signing_alg")
	}
	if c.UserInfoKeyAlg != "" && !anyFits(set, c.UserInfoKeyAlg) {
		return errors.New("no key for userinfo_encrypted_response_alg")
	}
	return nil
}

// subset reports whether all keys of one set are in another, whatever is said of them there.
func subset(some, all json.RawMessage) bool {
	among := map[string]bool{}
	for _, print := range thumbprints(all) {
		among[print] = true
	}
	for _, print := range thumbprints(some) {
		if !among[print] {
			return false
		}
	}
	return true
}

// thumbprints are those of the keys that can be used (RFC 7638).
func thumbprints(raw json.RawMessage) []string {
	set, err := ReadKeys(raw)
	if err != nil {
		return nil // there are none
	}
	var out []string
	for _, key := range set.Keys {
		if print, err := key.Thumbprint(crypto.SHA256); err == nil {
			out = append(out, string(print))
		}
	}
	return out
}

func anyFits(set []jose.JSONWebKey, alg string) bool {
	return slices.ContainsFunc(set, func(key jose.JSONWebKey) bool { return oidc.Fits(key, alg) })
}
