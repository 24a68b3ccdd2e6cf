// Package witness is what another body runs to watch logs: a C2SP tlog-witness. It remembers, for each log, the last
// checkpoint that it cosigned, and cosigns another only if the tree of that one begins with it. Two bodies that are shown
// different logs of the same name cannot both get its cosignature.
//
//	witness.go   what is asked, in which order, and what it answers (add-checkpoint)
//	request.go   the body of a request
//	state.go     the last checkpoint of each log, in a file: written before the cosignature leaves, never lost unseen
//	evidence.go  checkpoints that a log signed and that do not fit: kept, for they show what the log did
//	key.go       the witness' key, and its cosignatures (C2SP tlog-cosignature, Ed25519)
//
// It needs no database, and knows nothing of what a log holds.
package witness
