// Package session knows which browser is asking, and for whom.
//
// The cookie holds a secret of 256 bits and nothing else; the row in table session holds the rest, found by the secret's
// SHA-256. A browser has a row before anybody signs in (the state and nonce of a sign-in are bound to it); signing in
// replaces the row, a step-up replaces the secret, and the old secret stops working in the same statement. So does every change of what
// its person may do that leaves the session (renew.go); the end of a role ends the sessions for it. For half a minute the old secret is still
// known for what it was: a request that was sent with it lets nobody in, and takes nobody's new cookie away. A session ends after 30 minutes
// without a request, and 12 hours after the sign-in whatever happens.
//
// Somebody with several organisations has a row for each in the same browser, found by the organisation in the address of a
// page, and one for the addresses that name none (claim.go, place.go, docs/decisions/0010). The rows of a browser are used, stepped
// up and signed out as one, and locked in one order (lock.go); who is suspended in one organisation goes on in the others (end.go).
//
// A request meets the package in a guard (guard.go): one statement reads the row, the person, the organisation, the
// membership and the charter, so that a suspension or a removal counts from the next request on. The guards of aidants, referents
// and administrators hold back who has something to do first: a first factor, then the charter. Handlers then ask From for
// the Session, and give its Actor to the acts. What hangs on a session (a citizen's identity in a draft, a login under way) is
// bound to Session.Hash, which a step-up keeps and a sign-in does not.
//
// Where a browser wanted to go when it was sent to sign in stands in its row. A page of the guards is for who signed in with the browser last, whose open
// page it may be (notice.go): anybody else who signs in there goes to where their own work begins.
//
// What somebody sends after their session has ended is not done. The sign-in page says so, and what the form's route lets wait (page.Back) waits sealed
// in the browser's empty session for whoever filled it in, and for nobody else who signs in there (late.go).
//
// Whether somebody may come in is decided above (internal/proconnect, maillink, site/login); this package opens the session with what
// they gave (open.go), keeps the half of a sign-in that waits for its second factor and the factor itself, with the citizen
// for whom it was given (factor.go), and remembers the browser (device.go). Everybody may list and end their own (end.go).
//
// A handler that has a question of its own runs the guard itself, and its queries travel with the guard's (BrowserWith); a
// statement that changes something can find the session by the browser's claim and ask all that the guard asks (claim.go).
//
// The cookie is written and read through gorilla/sessions, whose Store this package implements (store.go). Over HTTPS it
// is "__Host-mandat": Secure, HttpOnly, SameSite=Lax (the return from ProConnect and FranceConnect is a cross-site
// navigation: Strict would lose it), Path=/. Chromium takes that cookie on http://localhost too (tried, version 156), but
// Safari and Go's cookie jar do not, so over plain HTTP, which only a loopback address may use, it is "mandat" without
// Secure.
//
// The journeys to a provider are attempts (attempt.go): one row each, deleted by the answer that uses it. Refusals
// before anybody is signed in go to a security log (security.go).
package session
