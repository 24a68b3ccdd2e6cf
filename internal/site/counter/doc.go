// Package counter is where a mandate is drawn up, with the citizen at the counter: from the first question to the signature.
//
// It takes three steps, each a page of its own that can be left and taken up again, because everything entered is kept in the
// draft; the fourth, the mandate itself, is package aidant's:
//
//	terms.go      1 which procedures, how long, the declaration and the information notice, before anybody is identified
//	identity.go   2 the citizen identifies with FranceConnect, on this screen (the journey itself is in franceconnect)
//	recap.go      3 who gives what to whom until when, compared with the person who is there; sign.go signs
//
// The rules are in packages terms, draft and mandate, which refuse by themselves: these pages only say it in words, and lose
// nothing of what was entered.
package counter
