// Package clientauth finds out which client calls at the endpoints of our identity provider (RFC 6749 §2.3, OpenID Connect Core §9), and
// slows down who calls too often. It owns the table client_assertion.
//
//	gate.go       Authenticate: one way for each client, and no other is tried
//	proof.go      what a request presents
//	assertion.go  private_key_jwt (RFC 7523): reading an assertion, and what it must say
//	replay.go     an assertion is good once
//	keys.go       the keys of clients, as registered or as published at their address
//	limit.go      how often clients and strangers may call
//	refuse.go     the answer to who is refused
//
// An unknown client and a wrong secret get the same answer after the same work. Failures are limited by the id that was presented and by
// address, but only failures: a right proof always passes, so nobody can lock FranceConnect out by failing in its name.
package clientauth
