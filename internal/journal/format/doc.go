// Package format is what the journal's bytes look like: it writes and reads them, and asks nobody. docs/journal.md states
// the same in words.
//
//   - canonical.go, scan.go: an entry as canonical JSON, and the check that it is.
//   - commitment.go: the hashes of an entry, a leaf, a node.
//   - checkpoint.go: what the log signs (C2SP tlog-checkpoint).
//   - tiles.go, path.go: the tree as it is published (C2SP tlog-tiles).
//   - line.go, export.go: an entry's line, and the files of an export.
//
// The arithmetic of whole trees is not here: journal/tree and journal/verify have one each, so that a mistake in one is
// seen by the other.
package format
