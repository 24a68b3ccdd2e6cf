// Package erasure forgets citizens: one citizen of one organisation by one act, which leaves the bare fact that it was done, and
// nothing that says of whom.
//
// The act (erase.go) destroys the citizen's key and with it everything that was sealed under it, wherever a copy of it lies; then the
// rows themselves, each by the package that owns it; and the text and the random bytes of the journal's entries about them. The
// leaves of those entries stay in the tree, and the act's own entry names their places, so that every proof of every other entry
// holds and that nothing was removed besides can be checked (docs/journal.md, "Forgotten entries").
//
// It is refused while a mandate lasts, while somebody holds the citizen's records (hold.go, and compare.go, by which holds are held to
// their entries), before the term is over (due.go), and for a moment while an entry about them is not in the tree yet.
//
// What is erased in the database is still in its older copies. Each erasure therefore stands in a ledger outside of it (ledger.go), a file
// of ids and times below STATE_DIR, which is replayed when an older copy was restored (again.go).
//
// It owns the tables erasure_….
package erasure
