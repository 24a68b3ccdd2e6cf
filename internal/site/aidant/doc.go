// Package aidant is the space of aidants: what waits for them, their mandates, and what is handed over and done with one until
// it ends. Drawing a mandate up is package counter's.
//
//	home.go       what waits for the aidant; list.go and export.go are every mandate
//	mandate.go    one mandate, with its attestation to hand over (attestation.go) and its evidence (evidence.go)
//	uses.go       what was done with it (uses_account.go, uses_report.go)
//	refusals.go   what was refused to the aidant, and why
//	phone.go      the telephone number of its citizen
//	end.go        its end
//
// The rules are in package mandate and its neighbours, which refuse by themselves: these pages only say it in words, and lose
// nothing of what was entered.
package aidant
