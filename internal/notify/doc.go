// Package notify tells professionals by mail, and by SMS where that is what it is about, what concerns them: an invitation,
// a link to sign in, a factor that was added; and citizens what is done with their mandates. It owns the table notify_message.
//
//	queue.go    an act that tells somebody something adds one row and one job in its own transaction: Queue
//	kinds.go    what there is to tell, and what each kind needs
//	find.go     who gets it, in which language, and what a kind tells
//	send.go     the job: the text; the sending; what became of it
//	write.go    text and HTML from web/mail
//	citizen.go  what is told to citizens, in French and English at once: a signature, each use, the end
//	purge.go    old rows go
//
// A row names a kind and ids. The text, the address and the link come into being when the mail is sent, so that nothing personal and no
// secret waits anywhere. A link's secret is made by whoever will recognise it (Links); a second try makes another, and the one before dies.
//
// (kind, about) is unique: what is queued twice is one message. A row leaves the state queued once: it is sent, dropped (nobody to tell, or
// too late to be of use) or failed (refused for good, or tried for eleven hours), which administrators see among the jobs that failed, and
// can run again from there. If the program dies between the mail server's OK and our
// commit, the message goes out a second time, with the same Message-ID, and, if it has a link, with a new one: the older mail's is dead.
//
// A citizen's address is sealed. It is opened when the message is sent, and then only; who refused mails, has no address or was erased is nobody. Each use is
// told, by a login or declared; of a citizen's uses in one organisation within an hour those beyond the fourth are held, and told together within the next (Collect). A mandate whose time
// is over is told like one that an act ended, and once (TellExpired).
//
// Who refused mails at a signature, where an aidant ticks it for them, gets two nevertheless: the last, about that signature, if they wanted mails until then; and one when a
// telephone number can agree for them. Who refused by the link of a mail, which an aidant does not have, gets none: they may have a reason to fear who reads it.
//
// No message names a citizen or a procedure, and none asks for a code.
package notify
