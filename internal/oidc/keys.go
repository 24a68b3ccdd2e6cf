package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms with which we sign (RFC 7518 §3.1). ES256 is what a client gets that says nothing. RS256 is what OpenID Connect
// makes mandatory. HS256 has no key in a KeySet: the client's secret is it (SignHS256).
const (
	ES256 = "ES256"
	RS256 = "RS256"
	HS256 = "HS256"
)

// The kinds of the provider's JWTs, as their typ says them: one is never taken for another (RFC 8725 §3.11). Receipts have their own
// (package receipt/format).
const (
	TypeJWT           = "JWT"                     // ID tokens and userinfo
	TypeLogout        = "logout+jwt"              // OpenID Connect Back-Channel Logout §2.4
	TypeIntrospection = "token-introspection+jwt" // RFC 9701 §5
)

const (
	newRSA   = 3072 // bits of an RSA key that we make: good beyond 2030 (ANSSI, guide des mécanismes cryptographiques)
	leastRSA = 2048 // bits of one that we accept (RFC 7518 §3.3)
)

// KeySet signs our tokens and publishes the keys that verify them: for each algorithm the current one, the next one, so that it is in
// every client's cache before it signs anything, and those that signed what may still be alive. It never changes and may be
// used concurrently. The zero value signs nothing and publishes nothing.
type KeySet struct {
	signers map[string]jose.JSONWebKey // private halves by algorithm
	public  jose.JSONWebKeySet
	jwks    []byte
}

// Keys are the keys of one algorithm: ES256 if they are EC keys on P-256, RS256 if they are RSA keys of 2048 bits or more.
type Keys struct {
	Current crypto.Signer
	Next    crypto.PublicKey
	Old     []crypto.PublicKey
}

// ErrToken says that a token was not signed by one of our keys, or is no JWT of the kind looked for.
var ErrToken = errors.New("not a token of ours")

// NewKeySet returns a set of keys of one or several algorithms. A key's kid is its thumbprint (RFC 7638).
func NewKeySet(all ...Keys) (*KeySet, error) {
	set := &KeySet{signers: map[string]jose.JSONWebKey{}, public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}}
	for _, keys := range all {
		if err := set.add(keys); err != nil {
			return nil, fmt.Errorf("key set: %w", err)
		}
	}
	var err error
	if set.jwks, err = json.Marshal(set.public); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return set, nil
}

func (k *KeySet) add(keys Keys) error {
	if keys.Current == nil || keys.Next == nil {
		return errors.New("want a current key and another one for later")
	}
	alg := ""
	for i, key := range append([]crypto.PublicKey{keys.Current.Public(), keys.Next}, keys.Old...) {
		public, err := Publish(key)
		if err != nil {
			return err
		}
		if i == 0 {
			alg = public.Algorithm
			if _, double := k.signers[alg]; double {
				return fmt.Errorf("two current keys for %s", alg)
			}
			k.signers[alg] = jose.JSONWebKey{Key: keys.Current, KeyID: public.KeyID}
		}
		if public.Algorithm != alg {
			return errors.New("keys of one algorithm are of two kinds")
		}
		if len(k.public.Key(public.KeyID)) > 0 {
			return errors.New("a key stands there twice")
		}
		k.public.Keys = append(k.public.Keys, public)
	}
	return nil
}

// Publish returns a public key as it stands in our key set: with kid, alg and use. It refuses what no algorithm of ours takes.
func Publish(key crypto.PublicKey) (jose.JSONWebKey, error) {
	public := jose.JSONWebKey{Key: key, Use: "sig"}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return jose.JSONWebKey{}, errors.New("an EC key is not on P-256")
		}
		public.Algorithm = ES256
	case *rsa.PublicKey:
		if k.N.BitLen() < leastRSA {
			return jose.JSONWebKey{}, fmt.Errorf("an RSA key is shorter than %d bits", leastRSA)
		}
		public.Algorithm = RS256
	default:
		return jose.JSONWebKey{}, errors.New("a key is neither EC nor RSA")
	}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return public, nil
}

// Fits reports whether a client's key may be used with an algorithm: a public one, to verify signatures (ES256, RS256) or to encrypt (ECDH-ES,
// RSA-OAEP-256), and not both if it says for which it is meant.
func Fits(key jose.JSONWebKey, alg string) bool {
	use := "sig"
	if alg == ECDHES || alg == RSAOAEP256 {
		use = "enc"
	}
	if key.Use != "" && key.Use != use || key.Algorithm != "" && key.Algorithm != alg || !key.Valid() {
		return false
	}
	switch public := key.Key.(type) {
	case *ecdsa.PublicKey:
		return alg == ES256 || alg == ECDHES
	case *rsa.PublicKey:
		return (alg == RS256 || alg == RSAOAEP256) && public.N.BitLen() >= leastRSA
	default:
		return false
	}
}

// JWKS is the public part as a JSON Web Key Set (RFC 7517).
func (k *KeySet) JWKS() []byte {
	if k.jwks == nil {
		return []byte(`{"keys":[]}`)
	}
	return k.jwks
}

// Sign returns the claims as a JWT of a kind (its typ: TypeJWT…), signed with the current key of an algorithm, ES256 or RS256.
func (k *KeySet) Sign(alg, typ string, claims any) (string, error) {
	key, ok := k.signers[alg]
	if !ok {
		return "", fmt.Errorf("sign token: no key for %q", alg)
	}
	return sign(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, typ, claims)
}

// SignHS256 returns the claims as a JWT of a kind, signed with a client's secret in clear, of 32 bytes or more (RFC 7518 §3.2).
// Whoever has the secret can make such tokens, and take them for ours.
func SignHS256(secret []byte, typ string, claims any) (string, error) {
	if len(secret) < leastSecret {
		return "", errors.New("sign token: the secret is too short for HS256")
	}
	return sign(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, typ, claims)
}

// leastSecret is the least number of bytes of a secret that signs.
const leastSecret = 32

func sign(key jose.SigningKey, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("sign token: the claims cannot be encoded")
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed.CompactSerialize()
}

// GenerateKey makes a signing key for ES256 or RS256. An RSA key takes a second of a processor.
func GenerateKey(alg string) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, newRSA)
	default:
		return nil, fmt.Errorf("make key: no keys for %q", alg)
	}
}
