// Package oidc is the vocabulary of OpenID Connect that our provider speaks: claims, scopes, errors, keys and signed
// tokens. It serves nothing and knows no database.
//
// Tokens are signed with ES256 and nothing else. OpenID Connect Discovery wants RS256 too, from providers that open
// themselves to unknown clients; ours are registered one by one, FranceConnect accepts ES256, and one algorithm per key
// type leaves nothing to confuse. HS256, which would make each client able to forge our tokens, is not here at all.
package oidc
