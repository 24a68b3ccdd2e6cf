// Package oidc is the vocabulary of OpenID Connect that our provider speaks: claims, scopes, errors, keys, signed and encrypted
// tokens. It serves nothing and knows no database.
//
// A token is signed with the one algorithm that its client is registered for: ES256 unless it asks for RS256, which OpenID
// Connect makes mandatory. HS256 makes a client able to forge our tokens: only FranceConnect may have it, which verifies
// them for itself alone. What a token's header says is never enough to choose a key (hint.go), and typ keeps one kind of token
// from passing for another.
package oidc
