// Package evidence is the format of the file that shows later what a citizen was told and what an aidant signed: the exact bytes of every text
// that was shown, the exact bytes of the terms, and the aidant's signature over them, made by their passkey (docs/evidence.md).
//
// [File.Encode] writes one when a mandate is signed; its SHA-256 stands in the entry mandate.signed. [Verify] checks one years later, without
// network, database or trust in the server, and says two things of what it read:
//
//   - what is proven: it is covered by the signature. The key signs SHA-256("mandat-terms-v1" ‖ nonce ‖ SHA-256(terms)), and the terms name the
//     SHA-256 of each text that was shown.
//   - what is declared: the service says so, and the signature does not cover it. With the entry from the journal (Report.Fits) it is
//     shown that the service has said so since that day.
//
// A file has one spelling: Verify refuses another one of the same content, so that every byte of it is either proven, or declared, or refused.
package evidence
