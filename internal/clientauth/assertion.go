package clientauth

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

// Limits of an assertion.
const (
	maxAssertion  = 8 << 10 // bytes
	maxJTI        = 256     // bytes
	assertionLife = 5 * time.Minute
	skew          = 30 * time.Second // between the client's clock and ours
)

// errAssertion says that something is no client assertion.
var errAssertion = errors.New("not a client assertion")

// assertion is what a client says of itself in a JWT (RFC 7523 §3). Nothing of it is believed before its signature is.
type assertion struct {
	Client    string // iss and sub, which are the same
	ID        string // jti
	Audience  []string
	Algorithm string // ES256 or RS256
	Expiry    time.Time
	IssuedAt  time.Time // zero when it does not say
	NotBefore time.Time // zero when it does not say

	jws *jose.JSONWebSignature
}

// parseAssertion reads an assertion, without verifying it. It returns errAssertion for what cannot be one: another algorithm, other types of
// token, no expiry, no jti, an issuer that is not its subject.
func parseAssertion(raw string) (assertion, error) {
	if len(raw) > maxAssertion {
		return assertion{}, errAssertion
	}
	algorithms := []jose.SignatureAlgorithm{jose.ES256, jose.RS256}
	parsed, err := jwt.ParseSigned(raw, algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return assertion{}, errAssertion
	}
	var claims jwt.Claims
	if parsed.UnsafeClaimsWithoutVerification(&claims) != nil || !isAssertionType(parsed.Headers[0].ExtraHeaders[jose.HeaderType]) {
		return assertion{}, errAssertion
	}
	jws, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil {
		return assertion{}, errAssertion
	}
	a := assertion{Client: claims.Subject, ID: claims.ID, Audience: claims.Audience, Algorithm: parsed.Headers[0].Algorithm, jws: jws,
		Expiry: timeOf(claims.Expiry), IssuedAt: timeOf(claims.IssuedAt), NotBefore: timeOf(claims.NotBefore)}
	if a.Client == "" || len(a.Client) > client.MaxID || claims.Issuer != a.Client || a.ID == "" || len(a.ID) > maxJTI || a.Expiry.IsZero() {
		return assertion{}, errAssertion
	}
	return a, nil
}

// isAssertionType reports whether a typ header is one of an assertion: none, the general one, or the one for assertions alone. Any other is a JWT
// that was made for something else.
func isAssertionType(typ any) bool {
	if typ == nil {
		return true
	}
	text, ok := typ.(string)
	return ok && (strings.EqualFold(text, "JWT") || strings.EqualFold(text, "client-authentication+jwt"))
}

func timeOf(d *jwt.NumericDate) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Time()
}

// stands reports whether an assertion is meant for us, and now.
//
// Our issuer must be in its audience, and nothing that is not ours: an assertion that names the address of our token endpoint alone may have
// been had from the client by another provider, whose metadata gave our address as its own. Both together is what common libraries send.
func (a assertion) stands(issuer string, now time.Time) bool {
	ours := []string{issuer, issuer + "/token", issuer + "/par", issuer + "/introspect", issuer + "/revoke"}
	switch {
	case !slices.Contains(a.Audience, issuer):
		return false
	case slices.ContainsFunc(a.Audience, func(to string) bool { return !slices.Contains(ours, to) }):
		return false
	case !now.Before(a.Expiry.Add(skew)) || a.Expiry.After(now.Add(assertionLife+skew)):
		return false
	case a.IssuedAt.After(now.Add(skew)) || a.NotBefore.After(now.Add(skew)):
		return false
	case !a.IssuedAt.IsZero() && a.IssuedAt.Before(now.Add(-assertionLife-skew)):
		return false
	}
	return true
}

// signedBy reports whether one of these keys made the signature, with the algorithm of the assertion.
func (a assertion) signedBy(keys []jose.JSONWebKey) bool {
	if a.jws == nil {
		return false
	}
	kid := a.jws.Signatures[0].Header.KeyID
	for _, key := range keys {
		if !oidc.Fits(key, a.Algorithm) || kid != "" && key.KeyID != "" && key.KeyID != kid {
			continue
		}
		if _, err := a.jws.Verify(key.Key); err == nil {
			return true
		}
	}
	return false
}
