// Package stamp asks an authority for timestamps and checks them (RFC 3161): that some bytes were there at a time, by the word of
// somebody who is neither we nor anybody we could talk into it.
//
//	request.go  the question, and what is taken from the answer
//	token.go    what a timestamp holds (RFC 3161 section 2.4.2, in CMS, RFC 5652)
//	verify.go   who signed it, and whether they may (a chain to a certificate that the reader trusts)
//
// Only what authorities use today is read: SHA-256 and above, RSA and ECDSA, one signer, DER.
package stamp
