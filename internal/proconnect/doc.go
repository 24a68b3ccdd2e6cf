// Package proconnect signs professionals in with ProConnect, as a relying party.
//
// The way of a sign-in, one file per step:
//
//	start.go    the browser leaves: state, nonce and PKCE verifier are bound to its session, MFA is asked for
//	callback.go it comes back: the attempt is used up, issuer and error are looked at, the code is exchanged
//	admit.go    who is it, for which organisation: the act session.opened, and a new session
//	accept.go   the same journey for somebody who was invited: they are added, or join, and are signed in, in one act
//	stepup.go   the same journey for a new second factor of the person already signed in: session.stepped_up
//	signout.go  our session ends first (session.closed), then ProConnect's, if they came by it
//	refuse.go   every refusal: its page, and its line in the security log
//
// A person is recognised by issuer and sub. A known e-mail address under another sub opens nothing: their référent has to
// confirm that it is still the same person. Which organisation they act for is the one whose SIRET ProConnect asserts,
// if they belong to it; another one means that they chose another organisation at ProConnect.
//
// The instant of the second factor is ProConnect's auth_time, which is asked for as essential: it knows no max_age. An answer
// without one, or of the future, is refused; at a sign-in it may be of this morning, and then the factor is that old; at a
// step-up it must be of now. What that instant is worth is ProConnect's word: see docs/security.md.
//
// ProConnect is told to sign the browser out with our client_id and no id_token_hint: the hint would be a token with
// personal data, kept for hours to be shown once.
package proconnect
