package upstream

import (
	"context"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// skew is how far the provider's clock may be from ours.
const skew = 30 * time.Second

// Fault is an answer that must not be believed: the check it failed, and nothing of the answer.
type Fault struct{ Check string }

// Error names the check.
func (f *Fault) Error() string { return "the provider's answer fails the check: " + f.Check }

func fault(check string) error { return &Fault{check} }

// idClaims are claims of an ID token that the library does not read.
type idClaims struct {
	AZP      string `json:"azp"`
	ACR      string `json:"acr"`
	AuthTime int64  `json:"auth_time"`
	IssuedAt int64  `json:"iat"`
	Expiry   int64  `json:"exp"`
}

// checkIDToken checks what the library does not: times with our skew, a single party, nonce and access token.
func checkIDToken(token *oidc.IDToken, clientID, nonce, accessToken string, now time.Time) (idClaims, error) {
	var c idClaims
	if err := token.Claims(&c); err != nil {
		return c, fault("id_token: not readable")
	}
	if !slices.Equal(token.Audience, []string{clientID}) || c.AZP != "" && c.AZP != clientID {
		return c, fault("id_token: aud")
	}
	if c.Expiry == 0 || !now.Add(-skew).Before(time.Unix(c.Expiry, 0)) {
		return c, fault("id_token: exp")
	}
	if c.IssuedAt == 0 || time.Unix(c.IssuedAt, 0).After(now.Add(skew)) {
		return c, fault("id_token: iat")
	}
	if nonce == "" || token.Nonce != nonce {
		return c, fault("id_token: nonce")
	}
	if !soundSub(token.Subject) {
		return c, fault("id_token: sub")
	}
	if c.AuthTime < 0 || time.Unix(c.AuthTime, 0).After(now.Add(skew)) {
		return c, fault("id_token: auth_time")
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(accessToken) != nil {
		return c, fault("id_token: at_hash")
	}
	return c, nil
}

// soundSub reports whether a sub is what OpenID Connect Core §2 allows: 1 to 255 ASCII characters.
func soundSub(sub string) bool {
	return sub != "" && len(sub) <= 255 && !slices.ContainsFunc([]byte(sub), func(b byte) bool { return b < 0x20 || b > 0x7e })
}

// verify checks algorithm, signature, issuer and audience of a JWT. What failed is not told: the library's words may quote
// the token.
func (e *endpoints) verify(ctx context.Context, what, raw string) (*oidc.IDToken, error) {
	if _, _, err := e.keys.current(ctx, time.Time{}); err != nil {
		return nil, err // the library would make a wrong signature of it
	}
	token, err := e.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fault(what + ": signature, algorithm, issuer or audience")
	}
	return token, nil
}
