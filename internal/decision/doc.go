// Package decision answers public services that ask, while somebody is at work there: may this person of this organisation do this
// procedure for this citizen now? It owns the table decision_answer.
//
// The question has the form of the OpenID AuthZEN Authorization API 1.0 (access evaluation). It names people by the names that the
// service was told at a login: nobody can be asked about who was never there.
//
//	point.go     what the package needs, and its routes
//	who.go       which service asks
//	request.go   what a service may ask (a parser of its own: strict, and fuzzed)
//	answer.go    POST /api/decision
//	rule.go      the one statement that asks, and what it says
//	record.go    the entry of an answer, once a day
//	refusals.go  what was refused to an aidant, and why, for the aidant's page
//	openapi.go   GET /api/openapi.json
//
// Whatever the reason, "no" is the same answer after about the same work: one statement that reads everything, and one transaction the
// first time on a day. The service learns nothing of mandates it could not use; the aidant reads the reason in their space.
//
// "Yes" was true at one moment between question and answer. Its entry stands in the journal before the end of the mandate, if the
// mandate ends: the rule is asked again behind the locks that an end takes.
package decision
