// Package admin is the space of administrators, who run the service: organisations, certificates, cards, and what went wrong.
// They see no mandate and nobody who is helped.
//
//	home.go            what waits for a decision
//	organisations.go   finding an organisation, its record, suspending it
//	create.go          creating one with its first referent, changing one
//	limit.go           what an organisation may do
//	invite.go          inviting a referent to an organisation that needs one
//	persons.go         finding somebody, their record, suspending them
//	decisions.go       resets of second factors, and names by which ProConnect knows somebody
//	certify.go         training, test, certificate of one person
//	imports.go         files of results: first what each line would do, then taking it in
//	import.go          what became of one file: the lines that were refused, and why
//	cards.go           the stock of code cards
//	card.go            one card: where it was sent, that it is lost
//	administrators.go  proposing an administrator, confirming another's proposal, ending another's office
//	services.go        public services that are clients of our identity provider, their secrets, closing one
//	service_form.go    registering one, changing one
//	board.go           jobs that failed
//
// Every act is one of the domain, which asks again whether this is an administrator with a fresh second factor. What is decided by
// two (a new administrator, a reset of second factors) is refused to the one who began it.
package admin
