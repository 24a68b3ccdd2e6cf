// Package bench measures what the design promises, each beside a rival in the same run: `make bench` prints the tables,
// `make bench BENCH=Sign` one of them.
//
//	Sign  mandate.Sign beside pgbench, one by one and in one pipeline; from the commit to a checkpoint that covers it
//	Desk  the same over HTTP
//	Use   whole uses, closed and open loop, beside a server that only answers and inserts
//	List  one page of the list of an organisation with 20,000 mandates, beside names in clear
//	Log   export and verification of a long journal, beside a reader that only hashes
//	Large the budgets with ten million mandates beside ten thousand (make bench-large)
//	Idle  memory and time to the first answer, beside an empty net/http program
//
// Rounds alternate between us and the rival, in turned order, and medians are shown: on a shared machine single runs say
// little. CPU and WAL for each act are printed beside each rate, because they move less with the machine's noise; but where
// others keep the processors busy, CPU too is worth a half of what it is on a quiet machine: compare with the rival's.
// Nothing of this is asserted: a figure is read by a person, and tests are about what is right. The one test here counts
// notifications.
//
// MANDAT_BENCH_ROUNDS=1 and MANDAT_BENCH_ENTRIES=200000 make a quick look of it, whose figures are not to be quoted.
package bench
