// Package conformance tries our OpenID provider and our relying parties on what the OpenID Foundation certifies: the plans
// Basic OP, Config OP, RP-Initiated Logout OP, Back-Channel Logout OP, and Basic, Config and Logout RP of its conformance
// suite. The tests are our own; they have the suite's names, so that its descriptions say what each is about.
//
// The provider runs whole (package apptest), and is asked by a client that knows nothing of it but its metadata: go-oidc,
// oauth2 and plain HTTP. The relying parties that we are to ProConnect and FranceConnect meet a provider that lies
// (package rogue).
//
// docs/conformance.md is written by the tests (go test ./internal/conformance -update) and compared by each run: a test is
// passed there, or stands as not offered with the member of our metadata that says so. There is no third.
package conformance
