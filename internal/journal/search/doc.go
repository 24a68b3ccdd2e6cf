// Package search finds entries of the journal for auditors: by organisation, person, citizen, mandate, procedure, service, action and
// time, in any combination, as fast in a log of twenty million entries as in one of a hundred (docs/decisions/0035).
//
// The log is cut into blocks of 8,192 entries, and its end into blocks of 256. For each term of a block (term.go) one row says at which
// places of the block it stands (places.go). A follower writes them, of entries that are in the tree already (follower.go, build.go): an act
// does nothing for it. Some terms are put together by going through the blocks from the newest on and keeping the places that they
// have in common (find.go, blocks.go), the rarest of them first (wanted.go); what is found is read together (fetch.go). The few newest entries that are in no block yet are read one by one. Acts about a citizen, or
// with a mandate, are few, and have indexes of their own on the entries (rows.go).
//
// What is here proves nothing. It leads to entries, which prove themselves; and block by block it is held to them again (recheck.go), so that nobody hides an entry by what
// stands here.
package search
