// Package mishap has a program fail at a step that a test chooses, so that every step is tried and none by luck.
//
//   - proxy.go stands between a program and PostgreSQL. It knows each statement, and where in a transaction it comes, and can
//     stop there: before PostgreSQL has it, or when PostgreSQL has done it and the program has not heard.
//   - files_linux_amd64.go traces a program (ptrace) for what it does with the files of one folder. It can stop it at each such
//     system call, before or after, or have the call fail with an error that the disk might give.
//
// What stops there is killed by the test, or cut off, or goes on with the error.
package mishap

// When says at which side of a step the program is stopped.
type When int

// Before it is done, or after it was done and before the program knows.
const (
	Before When = iota
	After
)

// String is for the names of tests.
func (w When) String() string { return [...]string{"before", "after"}[w] }
