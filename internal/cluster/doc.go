// Package cluster runs a private PostgreSQL that belongs to one program: the demo and the tests use it, so that
// neither needs a database server set up by hand, and neither touches one that is already there.
//
// What is private about it:
//
//   - It listens on a unix socket in a folder of mode 0700 and on no network address. Whoever can open the socket is
//     trusted; nobody else can.
//   - It never runs as root, because PostgreSQL refuses to. A program started by root drops to postgres or nobody,
//     and the data moves to where that user can go (see place.go).
//   - It ends with the program that started it, however that program ends: by Stop, by the kernel's parent-death
//     signal, and by a guard, a shell that waits for the end of a pipe only the program holds open (see process.go).
//
// The binaries are the machine's own when there are any, else a package from the npm registry (see binaries.go and
// bundle.go). Linux only.
//
// This is a way to run a database on a developer's machine. In production DATABASE_URL names a server that somebody
// looks after.
package cluster
