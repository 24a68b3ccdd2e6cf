// Package aidant is the space of aidants: from the first question at the counter to the end of a mandate.
//
// A mandate is drawn up in four steps, each a page of its own that can be left and taken up again, because everything
// entered is kept in the draft:
//
//	terms.go      1 which procedures, how long, the declaration and the information notice, before anybody is identified
//	identity.go   2 the citizen identifies with FranceConnect, on this screen (the journey itself is in franceconnect)
//	recap.go      3 who gives what to whom until when, compared with the person who is there; sign.go signs
//	mandate.go    4 the mandate, with its attestation to hand over (attestation.go)
//
// home.go lists what is there, end.go ends a mandate. The rules are in package mandate, which refuses by itself: these
// pages only say it in words, and lose nothing of what was entered.
package aidant
