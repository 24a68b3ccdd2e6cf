// Package dpop checks proofs of possession (RFC 9449, OAuth 2.0 Demonstrating Proof of Possession): a client signs each request with a
// key of its own, so that a token that is bound to this key is of no use to whoever else has it.
//
//	proof.go      what a proof must be: a pure function of what was sent
//	challenge.go  what a token that is refused is answered
//	replay.go     each proof is good once: the table dpop_proof, which this package owns
//
// There is no server nonce (RFC 9449 §8). It would keep a client from making proofs ahead of time, for a key that it lends and then
// takes back; ours are servers with keys of their own. A proof is good for a minute and once, and names the token and the address.
package dpop
