// Package credential keeps what people prove with that they are themselves: passkeys and security keys (WebAuthn),
// applications and cards that show codes (TOTP), and recovery codes. It owns the tables credential_…, but that of cards which are
// nobody's factor yet: package card keeps that stock.
//
// A factor is its person's own. Only they add one (passkey.go, app.go, card.go, recovery.go) and take one away (remove.go),
// each time in a session that gave a factor within the last fifteen minutes. Nobody enrols for somebody else. When everything is
// lost, two other people decide that all factors go, an hour later (reset.go); then the person begins anew.
//
// Who has none has none to give. Their first one is added in one of two kinds of session, and no other:
//
//   - one that was opened for that, by an invitation that was accepted or a reset that was done: its actor is Enrolling. It does
//     nothing else, and is over, in every browser, once there is a factor (session.StepUp).
//   - one that ProConnect opened or stepped up within the last fifteen minutes, with its own second factor, for somebody who has none
//     here (package proconnect): its actor has that FactorAt.
//
// So to have no factor is no right: a session that ProConnect opened for somebody who had factors, which gave none that counts,
// adds nothing, also after they are gone.
//
// Whoever gives a factor gets a Given (assertion.go, code.go). Nothing that gives one works twice: a challenge is deleted when
// it is answered, a code's step only ever grows, a recovery code is marked; each is one guarded statement, so that of two at
// once one wins. Codes can be guessed, so they are counted, for the account and for the network, and apart for each browser in which
// the person has signed in before; a passkey cannot, and works whatever was counted. An attacker slows the codes of a person in
// browsers that are new to them, and locks nobody out.
//
// A key also signs: the terms of a mandate, in the very act that makes it (sign.go). That is more than to give a factor, and no other one can do it.
//
// Seeds are encrypted (internal/envelope), recovery codes hashed, what is typed is written nowhere. Compare holds the tables to
// the journal.
package credential
