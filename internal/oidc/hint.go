package oidc

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// OpenHint returns the claims of an ID token of ours, however old: clients send it at logout, when it has expired (OpenID Connect
// RP-Initiated Logout §2). It returns ErrToken.
//
// The token's own alg decides nothing alone. One of ours names a kid, and must be of the algorithm of that very key. HS256 is
// believed only of a token for a client whose tokens we sign so: secretOf returns the secret of such a client, nil of all others.
func (k *KeySet) OpenHint(raw string, secretOf func(client string) []byte) (IDToken, error) {
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.HS256})
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].ExtraHeaders[jose.HeaderType] != TypeJWT {
		return IDToken{}, ErrToken
	}
	key, ok := k.keyOf(parsed, secretOf)
	if !ok {
		return IDToken{}, ErrToken
	}
	var claims IDToken
	// A signed userinfo answer is ours too, but has no at_hash.
	if parsed.Claims(key, &claims) != nil || claims.AccessTokenHash == "" {
		return IDToken{}, ErrToken
	}
	return claims, nil
}

// keyOf finds the key that must have signed a token.
func (k *KeySet) keyOf(token *jwt.JSONWebToken, secretOf func(client string) []byte) (any, bool) {
	header := token.Headers[0]
	if header.Algorithm != HS256 {
		keys := k.public.Key(header.KeyID)
		if len(keys) != 1 || keys[0].Algorithm != header.Algorithm {
			return nil, false
		}
		return keys[0].Key, true
	}
	var unproven struct {
		Audience string `json:"aud"`
	}
	if secretOf == nil || token.UnsafeClaimsWithoutVerification(&unproven) != nil {
		return nil, false
	}
	secret := secretOf(unproven.Audience)
	return secret, len(secret) >= leastSecret
}
