package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// ACR is the only level we assert: FranceConnect's low, which the identification at the counter had.
const ACR = "eidas1"

// IDToken holds the claims of an ID token (OpenID Connect Core §2). Times are Unix seconds. ACR is absent where no level can be
// asserted; Actor and Details are for services that talk to us directly.
type IDToken struct {
	Issuer          string   `json:"iss"`
	Subject         string   `json:"sub"`
	Audience        string   `json:"aud"`
	Expiry          int64    `json:"exp"`
	IssuedAt        int64    `json:"iat"`
	AuthTime        int64    `json:"auth_time"`
	Nonce           string   `json:"nonce,omitempty"`
	ACR             string   `json:"acr,omitempty"`
	AccessTokenHash string   `json:"at_hash"`
	Session         string   `json:"sid"`
	RepScope        []string `json:"rep_scope,omitempty"` // FranceConnect's: what the representative may do here

	Actor   *Actor          `json:"act,omitempty"`
	Details []MandateDetail `json:"authorization_details,omitempty"`
}

// Actor says who acts for the subject (RFC 8693 §4.1), to one sector of clients: never by name.
type Actor struct {
	Issuer       string       `json:"iss"`
	Subject      string       `json:"sub"`  // the aidant's name towards the sector
	Role         string       `json:"role"` // aidant
	Organisation Organisation `json:"organisation"`
}

// Organisation is the one for which an actor acts, the agent of the mandate.
type Organisation struct {
	SIRET string `json:"siret"`
	Name  string `json:"name"`
}

// MandateDetail is an object of authorization_details (RFC 9396 §2) that tells of the power in use.
type MandateDetail struct {
	Type         string   `json:"type"`
	Identifier   string   `json:"identifier"` // the mandate's name towards the sector
	Actions      []string `json:"actions"`    // the procedure, by its key
	Level        string   `json:"level"`
	Case         string   `json:"case,omitempty"` // the one file it is for; none is every one
	ValidUntil   string   `json:"valid_until"`    // RFC 3339
	IdentifiedBy string   `json:"identified_by"`  // how surely the citizen is known
	Receipt      string   `json:"receipt,omitempty"`
}

// UserInfo holds what userinfo says of a citizen. A nil or empty member is left out; Birthplace is "" for somebody born
// abroad, and then it is sent. Issuer, Audience, IssuedAt and Expiry stand only in a signed answer (OpenID Connect Core
// §5.3.2).
type UserInfo struct {
	Issuer   string `json:"iss,omitempty"`
	Audience string `json:"aud,omitempty"`
	IssuedAt int64  `json:"iat,omitempty"`
	Expiry   int64  `json:"exp,omitempty"`

	Subject           string  `json:"sub"`
	GivenName         string  `json:"given_name,omitempty"`
	FamilyName        string  `json:"family_name,omitempty"`
	PreferredUsername string  `json:"preferred_username,omitempty"`
	Birthdate         string  `json:"birthdate,omitempty"`
	Gender            string  `json:"gender,omitempty"`
	Birthplace        *string `json:"birthplace,omitempty"`
	Birthcountry      string  `json:"birthcountry,omitempty"`
	Email             string  `json:"email,omitempty"`
}

// HalfHash is the at_hash of an access token: the left half of its SHA-256 (OpenID Connect Core §3.1.3.6).
func HalfHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h[:sha256.Size/2])
}

// Challenge is the S256 code challenge of a verifier (RFC 7636 §4.2).
func Challenge(verifier string) string {
	h := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// IsChallenge reports whether s can be an S256 challenge: 32 bytes in base64url without padding.
func IsChallenge(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == sha256.Size && len(s) == 43
}

// IsVerifier reports whether s can be a code verifier (RFC 7636 §4.1): 43 to 128 unreserved characters.
func IsVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~') {
			return false
		}
	}
	return true
}
