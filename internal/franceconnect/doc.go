// Package franceconnect asks FranceConnect who the citizen at the counter is, as a relying party, for one draft of a
// mandate.
//
// The way of an identification, one file per step:
//
//	start.go    the browser leaves from the draft's identity page; the attempt is bound to browser session, draft and aidant
//	callback.go it comes back: the attempt is used up, the answer checked, the identity put into the draft or refused
//	identity.go which claims make a citizen.Identity, and what they must look like
//	end.go      whatever the outcome, the browser ends the citizen's FranceConnect session at once: whoever uses this
//	            computer next must not find it
//	notice.go   FranceConnect's refusals, as texts on the draft's identity page
//
// FranceConnect's list of parameters is closed: one that it does not know is an error, PKCE's among them. What protects the
// code instead is the state bound to the browser's session, the nonce in the signed ID token, and our secret.
//
// FranceConnect tells the citizen why it refuses, on a page of its own, and tells us only whether they gave up, were
// refused, or met a breakdown. Where an answer carries a code (Y and six digits) the text is more precise.
package franceconnect
