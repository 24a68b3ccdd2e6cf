package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// KeySet signs our tokens and publishes the keys that verify them: the current one, the next one, so that it is in every
// client's cache before it signs anything, and those that signed what may still be alive. It may be used concurrently.
type KeySet struct {
	signer jose.Signer
	public jose.JSONWebKeySet
	jwks   []byte
}

// ErrToken says that a token was not signed by one of our keys, or is no JWT.
var ErrToken = errors.New("not a token of ours")

// NewKeySet returns a set that signs with current. Keys are P-256; a key's kid is its thumbprint (RFC 7638).
func NewKeySet(current, next *ecdsa.PrivateKey, old ...*ecdsa.PublicKey) (*KeySet, error) {
	if current == nil || next == nil || current.Equal(next) {
		return nil, errors.New("key set: want a current key and another one for later")
	}
	set := &KeySet{}
	for _, key := range append([]*ecdsa.PublicKey{&current.PublicKey, &next.PublicKey}, old...) {
		public, err := publish(key)
		if err != nil {
			return nil, err
		}
		set.public.Keys = append(set.public.Keys, public)
	}
	var err error
	signing := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: current, KeyID: set.public.Keys[0].KeyID}}
	if set.signer, err = jose.NewSigner(signing, (&jose.SignerOptions{}).WithType("JWT")); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	if set.jwks, err = json.Marshal(set.public); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return set, nil
}

func publish(key *ecdsa.PublicKey) (jose.JSONWebKey, error) {
	if key.Curve != elliptic.P256() {
		return jose.JSONWebKey{}, errors.New("key set: a key is not P-256")
	}
	public := jose.JSONWebKey{Key: key, Use: "sig", Algorithm: string(jose.ES256)}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("key set: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return public, nil
}

// JWKS is the public part as a JSON Web Key Set (RFC 7517).
func (k *KeySet) JWKS() []byte { return k.jwks }

// Sign returns the claims as a JWT signed with the current key.
func (k *KeySet) Sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("sign token: the claims cannot be encoded")
	}
	signed, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed.CompactSerialize()
}

// OpenHint returns the claims of an ID token that one of our keys signed, however long ago: clients send it at logout,
// when it has expired (OpenID Connect RP-Initiated Logout §2). It returns ErrToken.
func (k *KeySet) OpenHint(raw string) (IDToken, error) {
	var claims IDToken
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(parsed.Headers) != 1 {
		return IDToken{}, ErrToken
	}
	for _, key := range k.public.Key(parsed.Headers[0].KeyID) {
		// A signed userinfo answer is ours too, but has no at_hash.
		if parsed.Claims(key.Key, &claims) == nil && claims.AccessTokenHash != "" {
			return claims, nil
		}
	}
	return IDToken{}, ErrToken
}

// GenerateKey makes a signing key.
func GenerateKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// EncodeKey writes a key as PEM (PKCS #8), as kept in a file.
func EncodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// DecodeKey reads what EncodeKey wrote.
func DecodeKey(file []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, errors.New("decode key: not PEM")
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("decode key: not PKCS #8")
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("decode key: not an EC key on P-256")
	}
	return key, nil
}
