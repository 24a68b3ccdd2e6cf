// Package retention says how long each sort of things is kept, lets go what is due, and shows both. It owns the tables retention_policy, retention_trial and
// retention_run.
//
//	policy.go  a period, with its bounds: data, in a table that a migration fills
//	sorts.go   what is due of each sort, counted by a query that changes nothing
//	run.go     a run: what was due before it and after it, noted as what was done; the end of what is known of citizens
//	change.go  another period: a dry run first (Try), then the act (Change), which takes nothing that the dry run did not count
//
// What deletes rows is their own package's, which owns the table; here it is told until when, and counted. A hold (package erasure) keeps what is about a citizen out
// of every run: each of those statements asks erasure_held.
//
// Bounds are in the table, by a CHECK: what the law wants, and what the program's own rules rest on, has one value. No page can make a term shorter than its bounds.
package retention
