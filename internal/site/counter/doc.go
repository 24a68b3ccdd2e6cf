// Package counter is where a mandate is drawn up, with the citizen at the counter: from the first question to the signature.
//
// It takes three steps, each a page of its own that can be left and taken up again, because everything entered is kept in the
// draft; the fourth, the mandate itself, is package aidant's:
//
//	terms*.go     1 which procedures, how far and how long, the declarations and the information notice, before anybody is identified
//	transfer.go     the paper of a mandate given to another organisation, which ends when this one begins
//	drafts.go       a colleague's draft, and taking it over
//	abandon.go      a draft that is deleted, which is asked once
//	identity.go   2 the ways to tell who the citizen is, from the highest rung: FranceConnect on this screen or on their own phone (the journeys are in
//	                franceconnect), or below (identity_seen.go): a document, or somebody known; and who it is of those of one name and birth date (namesakes.go)
//	recap.go      3 the text that the citizen reads, byte for byte what is kept; how they agree (agreement.go); what proof is missing
//	witness.go      the second colleague, in their own session
//	sms.go          the citizen's answer by SMS, asked and awaited
//	screen.go       the text alone, for the citizen
//	sign.go         the passkey that signs, or the code that confirms: the same agreement
//
// The rules are in packages terms, draft, consent and mandate, which refuse by themselves: these pages only say it in words, and lose
// nothing of what was entered. Two things are asked here alone: whether the citizen has understood, of which the right answer is in the terms; and that an aidant says so when a
// document tells no birth place.
package counter
