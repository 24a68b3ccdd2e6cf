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
// The same on the citizen's own phone, on which nobody is signed in:
//
//	waiting.go   the aidant makes a link for a draft and shows it, as a QR code and to type, with a number; the page tells how far the phone is
//	phone.go     the phone opens the link, which uses nothing up, reads who asks and compares the number; its button leaves for FranceConnect
//	             and binds the link to that browser, by a cookie of its own
//	phoneback.go it comes back to the same address; the state says that it was a link's. The checks are those of callback.go, and the identity
//	             is put into the draft by the aidant of the session that made the link, if that still counts and the draft is still theirs and
//	             the same
//	link.go      what a link is: its states, and how its secret is written; linkstore.go has each step as one guarded statement
//	cookie.go    the two cookies
//
// The number is no secret and is drawn by us: people compare it. It is for the moment when two citizens at two counters scan two codes, or when
// somebody sends another the link of a draft that is not theirs: whoever looks at the aidant's screen sees another number there. It proves nothing
// about who reads it out (docs/security.md). The secret is in the address, has 128 bits, and lives for ten minutes and one browser.
//
// FranceConnect's list of parameters is closed: one that it does not know is an error, PKCE's among them. What protects the
// code instead is the state bound to the browser's session, the nonce in the signed ID token, and our secret.
//
// FranceConnect tells the citizen why it refuses, on a page of its own, and tells us only whether they gave up, were
// refused, or met a breakdown. Where an answer carries a code (Y and six digits) the text is more precise.
package franceconnect
