package upstream

import (
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	ours "mandat/internal/oidc"
	"mandat/internal/token"
)

// assertionLife is how long an assertion is good: for the one request it is made for.
const assertionLife = time.Minute

// assertion is the claims of private_key_jwt (OpenID Connect Core §9, RFC 7523 §3). Its one audience is the issuer, and not an address
// that discovery told: a provider that lies about its endpoints gets nothing that is good elsewhere.
type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expiry   int64  `json:"exp"`
}

// assertion returns the parameters that say who we are, none with a client secret.
func (p *Provider) assertion(now time.Time) ([]oauth2.AuthCodeOption, error) {
	if p.config.Keys == nil {
		return nil, nil
	}
	signed, err := p.config.Keys().Sign(ours.ES256, ours.TypeJWT, assertion{Issuer: p.config.ClientID, Subject: p.config.ClientID, Audience: p.config.Issuer,
		ID: token.Hex(16), IssuedAt: now.Unix(), Expiry: now.Add(assertionLife).Unix()})
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	return []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
		oauth2.SetAuthURLParam("client_assertion", signed),
	}, nil
}

// ShowKeys serves the public halves of the keys with which we say who we are: the jwks_uri under which we are registered. It may be kept
// five minutes: for so long nobody gets in after stolen keys were replaced. All others are published long before they sign.
func ShowKeys(w http.ResponseWriter, keys *ours.KeySet) error {
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(keys.JWKS()) // an error here is a client that has gone
	return nil
}
