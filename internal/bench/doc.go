// Package bench measures what the design promises, each beside a rival in the same run: `make bench` prints the tables.
//
// Rounds alternate between us and the rival, in turned order, and medians are shown: on a shared machine single runs say
// little. CPU and WAL for each act are printed beside each rate, because they hardly move with the machine's noise.
// Nothing here is asserted: a figure is read by a person, and tests are about what is right.
package bench
