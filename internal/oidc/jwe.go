package oidc

import (
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms with which we encrypt to a client (RFC 7518 §4.1, §5.1).
const (
	ECDHES     = "ECDH-ES"
	RSAOAEP256 = "RSA-OAEP-256"
	A256GCM    = "A256GCM"
)

// ErrRecipient says that a client publishes no key to which we can encrypt.
var ErrRecipient = errors.New("the client has no key to encrypt to")

// Recipient returns the first key of a client's set that takes an algorithm: a public one, not meant for signatures. The error
// is ErrRecipient.
func Recipient(set jose.JSONWebKeySet, alg string) (jose.JSONWebKey, error) {
	for _, key := range set.Keys {
		if Fits(key, alg) {
			return key, nil
		}
	}
	return jose.JSONWebKey{}, ErrRecipient
}

// Encrypt returns a signed JWT encrypted to a client's public key, in compact form (RFC 7519 §5.2: nested, cty is JWT). alg is
// ECDHES or RSAOAEP256, enc is A256GCM. The error is ErrRecipient when the key does not take the algorithm.
func Encrypt(signed string, recipient jose.JSONWebKey, alg, enc string) (string, error) {
	if alg != ECDHES && alg != RSAOAEP256 || enc != A256GCM {
		return "", fmt.Errorf("encrypt token: %q with %q is not offered", alg, enc)
	}
	if !Fits(recipient, alg) {
		return "", ErrRecipient
	}
	to := jose.Recipient{Algorithm: jose.KeyAlgorithm(alg), Key: recipient.Key, KeyID: recipient.KeyID}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(enc), to, (&jose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		return "", fmt.Errorf("encrypt token: %w", err)
	}
	sealed, err := encrypter.Encrypt([]byte(signed))
	if err != nil {
		return "", fmt.Errorf("encrypt token: %w", err)
	}
	return sealed.CompactSerialize()
}
