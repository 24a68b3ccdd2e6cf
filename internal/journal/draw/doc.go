// Package draw is how a sample of the journal's entries is drawn, so that nobody chooses them (docs/samples.md, docs/decisions/0038): from
// what an order says, from a checkpoint that did not exist when it was given, from what witnesses and an authority then said of that one, and, where
// who ordered it wants that, from a secret to which they bound themselves. There is no database in it: the site draws by it, and so does whoever
// has an export.
//
//	order.go       what an order says
//	population.go  which entries it is of
//	moment.go      the two checkpoints: under which the order was witnessed, and from which is drawn
//	seed.go        what the draw comes from, as text, and its hash
//	choice.go      which entries that means
//	recompute.go   all of it again from an export, held to what the site says; stated.go reads what it says
package draw
