// Package receipt makes mandate receipts: what a citizen or a service holds in its hand that says, signed by us, what a mandate gives, and
// which anybody can check without us (package format, docs/receipt.md). It owns the tables receipt_list and receipt_status.
//
//	citizen.go  a receipt for the citizen, an act: the entry receipt.issued has the SHA-256 of what was handed over
//	service.go  a receipt for a service that talks to us directly, part of the act that releases an identity to it
//	place.go    the places of a receipt in a status list
//	list.go     the lists, as they are published; more.go begins new ones
//	check.go    what a receipt is worth now, for who pastes one into our page
//	register.go who we are, and with which keys we sign
//	compare.go  the places that stand in the table, held to the entries
//
// # What is kept
//
// Not the receipt: the hash of a citizen's stands in the entry, and another one is made for who asks again. What is kept is its places in the lists, which
// say nothing of whom they are about.
//
// # What the places tell
//
// A list is public. A place is drawn at random among 2^17, so that neither its number nor its neighbours tell anything; for each a decoy is drawn,
// which ends one day as mandates do, so that whoever counts the ended ones does not count our mandates. Two services have two places for one
// mandate: nothing but the time of an end joins what they know. The citizen's own receipts of one mandate share a place, and are theirs.
//
// Ending a mandate writes nothing here: the lists are made from the powers, every few seconds and only when somebody asks.
package receipt
