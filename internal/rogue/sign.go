package rogue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/token"
)

// Signature is how a token is signed.
type Signature string

// The signatures.
const (
	Sound   Signature = ""        // with the key in use
	Forged  Signature = "forged"  // with another key, under the id of the one in use
	None    Signature = "none"    // alg none
	Secret  Signature = "HS256"   // with the client's secret
	Changed Signature = "changed" // signed, then changed
	Other   Signature = "other"   // with the algorithm that was not agreed on, by a published key
	Kidless Signature = "no kid"  // with the key in use, without saying which it is
)

type key struct {
	id        string
	algorithm string
	private   crypto.Signer
}

// rsaKeys are made once in a test process: making one takes a second under the race detector. Providers share them under
// different ids; one provider never uses the same twice, but for the stranger's.
var rsaKeys = [6]func() *rsa.PrivateKey{sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA)}

// strange is the number of the key that no provider ever publishes.
const strange = 0

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return k
}

// newKey returns a key that this provider has not used.
func (p *Provider) newKey(algorithm string) key {
	p.made++
	return numbered(algorithm, p.made)
}

func numbered(algorithm string, n int) key {
	k := key{id: token.Hex(4), algorithm: algorithm}
	if algorithm == "RS256" {
		k.private = rsaKeys[n]()
		return k
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	k.private = private
	return k
}

func (k key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: k.algorithm, Use: "sig"}
}

// sign writes a JWT.
func (p *Provider) sign(claims map[string]any, how Signature) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // a test put something in that is not JSON
	}
	k := p.key
	switch how {
	case None:
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
	case Secret:
		return compact(jose.HS256, []byte(p.client.Secret), "", payload)
	case Forged:
		k.private = numbered(k.algorithm, strange).private
	case Other:
		k = p.newKey(map[string]string{"RS256": "ES256", "ES256": "RS256"}[p.algorithm])
		p.public = append(p.public, k)
	case Kidless:
		k.id = ""
	case Changed:
		return sealedThenChanged(compact(jose.SignatureAlgorithm(k.algorithm), k.private, k.id, payload))
	}
	return compact(jose.SignatureAlgorithm(k.algorithm), k.private, k.id, payload)
}

func compact(algorithm jose.SignatureAlgorithm, private any, id string, payload []byte) string {
	options := (&jose.SignerOptions{}).WithType("JWT")
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: private}, options)
	if err != nil {
		panic(err) // the key does not fit its algorithm
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

// sealedThenChanged puts a blank into the payload of a signed token: the same claims, other bytes.
func sealedThenChanged(jws string) string {
	parts := strings.Split(jws, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		panic(err)
	}
	return parts[0] + "." + encode(append(payload, ' ')) + "." + parts[2]
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
