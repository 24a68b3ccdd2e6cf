// Package journal keeps every act in a log that nobody can change or drop without it showing.
//
// The way of an entry, one file a step:
//
//   - record.go, entry.go, canonical.go: an act and its entry are one transaction. The entry is canonical JSON, kept
//     with 32 random bytes; the hash of both is its commitment (commitment.go).
//   - integrator.go, round.go: many times a second, what was committed is put into a Merkle tree (tree.go) in an order
//     that never contradicts what one act saw of another, and the tree's root is signed: a checkpoint (checkpoint.go).
//     Each server remembers the last checkpoint it saw in a file outside the database (state.go).
//   - log.go: the checkpoint and the tree's tiles, which the site publishes. They hold hashes only.
//   - export.go: the whole log as files.
//   - verify.go, file.go, scan.go, site.go: check an export, or the site, with nothing but a policy file (policy.go)
//     that says whose signature counts.
//   - prove.go: a proof of one entry that is checked offline.
//   - reader.go: entries for the pages.
//
// What is hashed can never change its form: docs/journal.md states it, and testdata holds vectors of it.
package journal
