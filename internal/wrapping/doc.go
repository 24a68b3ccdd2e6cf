// Package wrapping knows which key-encryption keys wrap what is kept sealed in the database, and wraps it anew when there is another.
//
// The keys themselves are in the key-encryption keyset, outside the database (package keyring), whose primary key wraps. Here is only what tells
// them apart: the prefix that each writes in front of what it wrapped. A key goes one way: current → old → gone.
//
//   - keeper.go: Begin, when a server starts: its primary key becomes the current one, or the server is not let in because it has not the keys that it needs.
//   - renew.go: Renew, a job: in batches, each an act, everything that is under an old key comes under the current one, while the program runs. It begins anew
//     wherever it was interrupted.
//   - end.go: Left counts what is under which key; End lets a key be gone when nothing is, and the database refuses from then on what a server that still has
//     it would wrap.
//   - column.go: the packages that own columns of wrapped keys describe them; app lists them all.
package wrapping
