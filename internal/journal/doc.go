// Package journal keeps every act in a log that nobody can change or drop without it showing.
//
// This package is where acts and entries meet. An act and its entry are one transaction (record.go). The entry says what
// was done, when, by whom and on what (entry.go), by one of the names in actions.go; pages read entries with reader.go.
//
// Entries also say what has to stand in the tables. Each package holds its own tables to that, in its compare.go: it follows the entries
// (Replay), reads the tables, and names what the two do not have in common (Differences). Package comparison runs all of these.
//
// The way goes on in packages that know nothing of acts:
//
//   - journal/format: the bytes. What is hashed, signed, published and exported has one form, for ever.
//   - journal/tree: the log. Many times a second, what was committed is put into a Merkle tree, whose root is signed; the
//     site publishes the hashes, auditors export the entries and prove single ones.
//   - journal/verify: the check of all that, with nothing but a policy file that says whose signature counts. It knows
//     neither journal/tree nor a database.
//   - journal/witness: what another body runs, so that there is one log only; journal/stamp: timestamps of authorities.
//   - journal/testimony: has witnesses cosign what was kept, and an authority date it.
//
// What is hashed can never change its form: docs/journal.md states it, and testdata holds vectors of it.
package journal
