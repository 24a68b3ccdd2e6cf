// Package upstream asks an OpenID provider who somebody is, as a relying party (OpenID Connect Core 1.0, code flow). It
// is what packages proconnect and franceconnect share: the back channel, and every check of an answer.
//
//	client.go    the HTTP client: time-outs, no redirect, at most 1 MiB
//	provider.go  discovery, when it is first needed and again every hour; a provider that is down stops nobody here
//	keys.go      the provider's signing keys; an unknown one is looked for at most once a minute
//	assert.go    who we are, signed by a key of ours, where we are registered so
//	exchange.go  code → tokens → ID token → signed userinfo, each checked
//	claims.go    what must be true of an ID token
//
// Nothing that an answer says is believed before its signature, issuer, audience, time, nonce and sub are checked. An
// answer that fails is a Fault, which names the check and nothing of the answer.
//
// The provider's tokens are judged by the machine's clock: the provider shares that one, and not a shift of our own.
package upstream
