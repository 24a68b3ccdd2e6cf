// Package rogue is an OpenID provider that lies when it is told to, for tests of what relies on one. What a sound provider
// never does cannot be had from the stand-ins of package twin: a wrong signature, another audience, a token that has
// expired, a rotated key, a redirect from the token endpoint, an answer that does not end.
//
// It signs everybody in as the person of its Plan, without asking: /authorize sends the browser straight back. Everything
// it does besides is sound (state, iss, nonce, at_hash, PKCE, single use of codes, client_secret_post), so that a test
// changes one thing and nothing else.
package rogue
