// Package attestation makes the document that a citizen takes home, keeps it, and answers strangers who check it. It owns
// the tables attestation and attestation_status.
//
// [Press.Issue] gives the document of one mandate in one language. The first time it
//
//  1. puts the mandate's frozen terms into words (words/*.json, put in their order by compose.go): never today's names or addresses,
//  2. sets the words as a PDF and seals it (paint.go), outside any transaction,
//  3. keeps the exact bytes in one act, whose entry attestation.issued holds their SHA-256 (keep.go).
//
// Every later time it returns the bytes that were kept. The words are kept beside the bytes, so that the page to print says
// what the PDF says, whatever later versions of this program would write. When two people ask at once, one document wins
// and both get it.
//
// # The public address
//
// The QR code leads to BaseURL + "/v/" + a token of 128 random bits. [Press.Status] answers anybody who has it: stands
// until …, or not. It tells ended, unknown and malformed apart by nothing.
//
// A mandate has one token, whatever the number of its documents. Only its SHA-256 can be looked up; a second document, in
// the other language, needs the token again, so the token is also kept sealed under the citizen's data key. Whoever
// copies the database learns no address; erasing the citizen's key erases tokens, words and bytes together.
//
// # What binds sealed values to their place
//
// The envelope binds a value to its owner (the citizen) and to a purpose. Here the purpose also names the language and the
// mandate ("attestation.document:fr:0195…"): one citizen's document does not open as that of another mandate of theirs.
package attestation
