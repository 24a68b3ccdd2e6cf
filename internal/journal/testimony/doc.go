// Package testimony collects what other bodies say of the journal: that its kept checkpoints continue each other (witnesses,
// C2SP tlog-witness), and when one of them was there (timestamps, RFC 3161). With it, whoever checks the journal need not
// believe us that there is one journal only, nor that an act is as old as we say.
//
//	collector.go  one loop for each witness: is there a kept checkpoint that it has not cosigned?
//	ask.go        the request, what may come back, and what it means
//	row.go        which server asks, what is kept of the answers, and which checkpoint enough have cosigned
//	agree.go      before a server grows the tree: does a witness hold a larger one than the database?
//	status.go     figures and alarms
//	stamp.go      the hourly timestamp
//	rest.go       an entry when nothing is done, so that there is something to cosign and to stamp
//
// Nothing waits inside a transaction, and nobody here waits for a witness: an act is provable under our signature at once,
// and published under the witnesses' some seconds later.
package testimony
