package dpop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/oidc"
)

// Limits of a proof.
const (
	maxProof = 8192            // bytes; one with an RSA key of 4096 bits has about 2,000
	maxJTI   = 256             // bytes
	maxRSA   = 4096            // bits
	minRSA   = 2048            // bits
	Life     = time.Minute     // since it was made
	skew     = 5 * time.Second // how far the client's clock may be ahead
)

// Algorithms lists the signatures that a proof may have, as published (dpop_signing_alg_values_supported).
func Algorithms() []string { return []string{oidc.ES256, oidc.RS256} }

// Proof is a proof that was found good for a request.
type Proof struct {
	Thumbprint string    // of the key (RFC 7638): the jkt of RFC 9449 §6.1
	ID         string    // jti
	IssuedAt   time.Time // by the client's clock
}

// Request is what a proof has to be for.
type Request struct {
	Proofs []string // the values of the header DPoP
	Method string   // of HTTP
	URL    string   // as the client called it, without query and fragment
	Token  string   // the access token that comes with it, "" for none
}

// claims are those of RFC 9449 §4.2.
type claims struct {
	ID        string `json:"jti"`
	Method    string `json:"htm"`
	URL       string `json:"htu"`
	IssuedAt  int64  `json:"iat"`
	TokenHash string `json:"ath"`
}

func refuse(why string) *oidc.Error { return oidc.Refuse(oidc.InvalidDPoPProof, why) }

// Parse checks what RFC 9449 §4.3 lists, but whether the proof was seen before. It returns an error of the code
// invalid_dpop_proof, which quotes nothing of the proof.
func Parse(r Request, now time.Time) (Proof, *oidc.Error) {
	if len(r.Proofs) != 1 || r.Proofs[0] == "" || len(r.Proofs[0]) > maxProof {
		return Proof{}, refuse("one DPoP proof is required")
	}
	payload, thumbprint, refusal := verify(r.Proofs[0])
	if refusal != nil {
		return Proof{}, refusal
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Proof{}, refuse("the DPoP proof is malformed")
	}
	made := time.Unix(c.IssuedAt, 0)
	switch {
	case c.ID == "" || len(c.ID) > maxJTI:
		return Proof{}, refuse("jti of the DPoP proof is missing or too long")
	case c.Method != r.Method:
		return Proof{}, refuse("the DPoP proof is for another method")
	case !sameURL(c.URL, r.URL):
		return Proof{}, refuse("the DPoP proof is for another address")
	case c.IssuedAt <= 0 || made.After(now.Add(skew)) || !made.After(now.Add(-Life)):
		return Proof{}, refuse("the DPoP proof is not of this minute")
	case subtle.ConstantTimeCompare([]byte(c.TokenHash), []byte(hashOf(r.Token))) != 1:
		return Proof{}, refuse("the DPoP proof is for another token")
	}
	return Proof{Thumbprint: thumbprint, ID: c.ID, IssuedAt: made}, nil
}

// verify checks the signature by the key in the header, and what that key is.
func verify(raw string) (payload []byte, thumbprint string, refusal *oidc.Error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, "", refuse("the DPoP proof is malformed, or its alg is not supported")
	}
	header := jws.Signatures[0].Header
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != "dpop+jwt" {
		return nil, "", refuse("typ of the DPoP proof is not dpop+jwt")
	}
	key := header.JSONWebKey
	if key == nil || !key.IsPublic() || !suits(key.Key, header.Algorithm) {
		return nil, "", refuse("jwk of the DPoP proof is not a public key for its alg")
	}
	if payload, err = jws.Verify(key); err != nil {
		return nil, "", refuse("the signature of the DPoP proof is wrong")
	}
	digest, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, "", refuse("jwk of the DPoP proof is not a public key for its alg")
	}
	return payload, base64.RawURLEncoding.EncodeToString(digest), nil
}

// suits reports whether a key is one for an algorithm, and neither weak nor costly.
func suits(key any, alg string) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return alg == oidc.ES256 && k.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return alg == oidc.RS256 && k.N.BitLen() >= minRSA && k.N.BitLen() <= maxRSA
	default:
		return false
	}
}

// hashOf is the ath of a token (RFC 9449 §4.2); none is wanted without a token.
func hashOf(token string) string {
	if token == "" {
		return ""
	}
	h := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// sameURL compares addresses as RFC 9449 §4.3 asks, after the normalisation of RFC 3986 §6.2.2 and §6.2.3 that can make a difference
// here: case of scheme and host, and default ports. Query and fragment of what was sent do not count.
func sameURL(sent, want string) bool {
	a, err1 := url.Parse(sent)
	b, err2 := url.Parse(want)
	return err1 == nil && err2 == nil && a.User == nil && a.Host != "" && strings.EqualFold(a.Scheme, b.Scheme) && authority(a) == authority(b) && a.EscapedPath() == b.EscapedPath()
}

func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
