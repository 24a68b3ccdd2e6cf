package idp

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

// recipient is who is told of a citizen, and under which key if it is encrypted to them.
type recipient struct {
	client *client.Client
	key    *jose.JSONWebKey
}

// keysLackingError says that the keys of a client are not at hand: they have to be asked for where nothing waits for the answer.
type keysLackingError struct{ client *client.Client }

// Error names the client.
func (e *keysLackingError) Error() string {
	return "the keys of client " + e.client.ID + " are not at hand"
}

// found looks up who is told, inside the act. It asks nobody.
func (p *Provider) found(ctx context.Context, id string, to *recipient) error {
	of, err := p.clients.Find(ctx, id)
	if errors.Is(err, client.ErrUnknown) {
		return oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	}
	if err != nil {
		return err
	}
	if of.UserInfoKeyAlg == "" {
		to.client, to.key = of, nil
		return nil
	}
	set, known := p.gate.Keys().Known(of)
	if !known && to.key != nil {
		return nil // asked for a moment ago
	}
	key, err := oidc.Recipient(set, of.UserInfoKeyAlg)
	if !known || err != nil {
		return &keysLackingError{of}
	}
	to.client, to.key = of, &key
	return nil
}

// recipientOf finds the key under which a client is told. A client whose keys cannot be had is told to come back later, and nothing is
// released.
func (p *Provider) recipientOf(ctx context.Context, of *client.Client) (recipient, error) {
	if of.UserInfoKeyAlg == "" {
		return recipient{client: of}, nil
	}
	set, err := p.gate.Keys().Fetch(ctx, of)
	if err != nil {
		return recipient{}, oidc.Refuse(oidc.TemporarilyUnavailable, "the keys of the client cannot be had")
	}
	key, err := oidc.Recipient(set, of.UserInfoKeyAlg)
	if err != nil {
		return recipient{}, oidc.Refuse(oidc.TemporarilyUnavailable, "the client publishes no key for its encryption")
	}
	return recipient{of, &key}, nil
}

// inForm puts what is told of a citizen into the form that the client is registered for: JSON, signed, or signed and then encrypted
// (OpenID Connect Core §5.3.2). It returns the content type too.
func (p *Provider) inForm(to recipient, body oidc.UserInfo, tokenEnd time.Time) (text, form string, err error) {
	if to.client.UserInfoAlg == "" {
		plain, err := json.Marshal(body)
		return string(plain), "application/json", err
	}
	body.Issuer, body.Audience = p.issuer, to.client.ID
	body.IssuedAt, body.Expiry = p.clock.Now().Unix(), tokenEnd.Unix()
	if text, err = p.sign(to.client, to.client.UserInfoAlg, oidc.TypeJWT, body); err == nil && to.key != nil {
		text, err = oidc.Encrypt(text, *to.key, to.client.UserInfoKeyAlg, to.client.UserInfoEnc)
	}
	return text, "application/jwt", err
}
