// Package idp is our OpenID provider: how a citizen's identity reaches a public service, through FranceConnect or directly, when an
// aidant acts for them. It owns the tables whose names begin with idp_.
//
// The way of a use, one file per step. Each step moves the one row of the login by one guarded statement and redirects;
// no step calls another.
//
//	par.go        POST /idp/par            a service may push its request first; it waits in idp_pushed (package pushed).
//	authorize.go  GET /idp/authorize       request.go checks what the client asks, package details what it asks of a mandate. A
//	                                       signed-out aidant signs in and comes back; one whose second factor is old gives it
//	                                       again; help.go lets them go back instead. begin inserts the row: requested.
//	citizen.go    /idp/logins/…/usager     the aidant looks for the citizen by name and takes one who has given their
//	                                       organisation a power: citizen_chosen.
//	move.go       /idp/logins/…/structure  who has several organisations may say before that it is for another one.
//	asking.go     /idp/logins/…/confirmation  with prompt=login the aidant first gives their second factor, for this citizen.
//	procedure.go  /idp/logins/…/demarche   then they say for which procedure, among those allowed.
//	                                       code.go: the power is asked for, the code issued, and the browser goes back to
//	                                       the client: code_issued.
//	cancel.go     /idp/logins/…/annuler    or they give up: refused.
//	token.go      POST /idp/token          the client trades the code, once. FranceConnect: token_issued; the power is asked for
//	                                       again.
//	userinfo.go   GET /idp/userinfo        FranceConnect: the power is asked for a third time, inside the act that writes the
//	                                       entry power.used; after its COMMIT the identity leaves: released.
//	direct.go                              a service that talks to us itself: the token is the release, by one act.
//	again.go                               it may read userinfo again while token and power stand.
//	introspect.go /idp/introspect, /idp/revoke  it asks whether its token still stands, and gives it back.
//	logout.go     /idp/end_session         the client ends the citizen's session.
//	discovery.go                           what we publish of ourselves.
//	abandon.go                             a job deletes logins whose time is over; one that came to nothing leaves an entry.
//
// What several of them share: login.go (the row, as pages see it), step.go (the entries of steps), spend.go (what every use of a
// power leaves, with its entry), choice.go (a procedure and its case), factor.go (how new the second factor must be), respond.go
// (answers to clients), ticket.go and presented.go (codes and access tokens), form.go (what a client is told, signed or encrypted).
//
// The handlers of the first three run the guard of their pages themselves (page.HandleLate): a step's statement finds the
// session by the browser's claim (session.Claim) and asks of it all that the guard would, and a page's questions travel with
// the guard's. When a statement moves nothing, the guard comes first in telling why (docs/decisions/0008).
//
// Each step has its entry, in the step's own transaction (step.go): power.asked, power.citizen_chosen, power.procedure_chosen, and then
// power.used where the identity leaves, once for each release and not for each call. The first three do not wait for the disk: what is
// lost with them in a crash is a click, and no entry after them stays without them.
//
// Ending a mandate writes nothing here. A code or a token is worth something only while its power stands: every step
// joins the power, the rule who may act (org.Acts), what organisation and aidant are limited to, and the session in the
// statement that moves the row.
//
// refuse.go says no: a step whose statement moved nothing looks why, and from /token on the reason ends the login. A
// refusal of somebody we know is an act, with the entry power.refused; it ends a login at most once, so that
// repeating a dead code writes nothing. A choice that is refused ends nothing, and is an entry each time.
//
// What is enforced: the citizen, the organisation, the time, FranceConnect's perimeter where it asks for one; of a service that
// talks to us itself the procedure too. What is declared to FranceConnect is the procedure: it does not tell which site was
// opened, and entries say so.
package idp
