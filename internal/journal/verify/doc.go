// Package verify is what a stranger needs to check the journal: a copy of it, or the site, and a policy file that says
// whose signature counts. There is no database in it, and none of the code that grew the log.
//
//   - verify.go: Log checks an export, a site, or both; file.go is the check of one file of an export, above.go that of the tiles above
//     the files, open.go opens an export, contents.go holds its files to their list; lines.go and kept.go read them.
//   - part.go, partfile.go: the check of an export of a part of the log.
//   - site.go: the check of what a site publishes.
//   - read.go: what an export holds, for other questions than whether it is whole.
//   - proof.go: Proof checks one entry.
//   - policy.go: whom to trust; quorum.go: which witnesses must have cosigned. stamps.go, sitestamp.go: the timestamps of an export and of a site; dates.go: the
//     times of entries, held to what witnesses and timestamps say. fault.go: what does not fit, and where.
//   - peaks.go: a tree of its own, which does not share its arithmetic with what built the log's.
package verify
