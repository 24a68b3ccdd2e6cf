// Package format is what a mandate receipt is, and how anybody checks one: it knows no database and asks nobody. docs/receipt.md is its
// specification.
//
// A receipt is a compact JWS (RFC 7515) of typ [ReceiptType] that says which powers a mandate gives, to whom and until when. Whether they
// still stand is said by a status list (draft-ietf-oauth-status-list), a JWS of typ [ListType], at the places that the receipt names.
//
//	receipt.go   the claims, and Open: signed by one of the keys given, of this typ, spelt in the one way there is
//	list.go      the status list, and OpenList
//	judge.go     what a receipt is worth at a time, with the lists at hand
//
// A receipt for a service has aud, sub and exp, as an ID token has. It differs in typ, in iss and in its keys, so that a client that looks
// at any one of them does not take the one for the other.
package format
