// Package tree grows the log from committed entries, and shows it.
//
// One file a step:
//
//   - integrator.go, head.go, round.go: many times a second, what was committed is put into a Merkle tree (edge.go) in an
//     order that never contradicts what one act saw of another, and the tree's root is signed (signer.go).
//   - state.go: each server remembers the last checkpoint it saw in a file outside the database; adopt.go is for a
//     database that was dumped and loaded.
//   - log.go: the checkpoint and the tree's tiles, which the site publishes. They hold hashes only.
//   - witnessed.go, stamped.go: kept checkpoints with what witnesses and an authority say of them.
//   - prove.go: a proof of one entry that is checked offline.
//   - export.go, sink.go, readme.go: the whole log as files.
//
// Nothing here judges a log from outside: that is journal/verify.
package tree
