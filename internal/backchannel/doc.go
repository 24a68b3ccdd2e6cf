// Package backchannel tells public services that a use of theirs is over (OpenID Connect Back-Channel Logout 1.0), so that nobody goes on
// in a file that they had opened under a mandate. It owns the table backchannel_session.
//
//	session.go  the uses that somebody wants to hear the end of
//	tell.go     the job: one for each use, asked for in the transaction that ends it
//
// That tokens are worth nothing after an end needs none of this: whoever uses one asks whether its power stands. What a service has
// opened already is the service's, and it has to be told.
//
// An end of a power asks for the jobs itself. What ends without an act (the time of a power), or by acts that are not about mandates (an
// aidant or an organisation suspended), is found by a job that looks every minute.
package backchannel
