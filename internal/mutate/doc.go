// Package mutate asks of tests whether they would notice: it turns the conditions of a package's code over, one at a
// time, runs the package's tests, and lists the changes that no test fails for. A condition that nothing fails without
// is a check that could be taken out tomorrow.
//
// There are two kinds of change. A condition of Go (what an if or a for asks, a side of && or ||, a comparison, a case)
// says the opposite. The guards that matter most are SQL, text that no compiler of Go sees into: there, one condition of a
// statement's where, or of a list of things that all have to be true, is held to be true whatever it says.
//
// All changes of a package are compiled into one test program, each asleep behind its number (weave.go), and the program
// runs for each: MANDAT_MUTANT says which one is awake. The tests that are likely to notice are asked before all others (run.go). Nothing in the checkout is written (go test -overlay).
//
// What survives for a good reason stands in explained.txt with that reason. `make mutate` runs it; it takes hours and is
// not a part of `make check`.
package mutate
