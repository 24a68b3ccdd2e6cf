// Package referent is the space of referents: they run the people of their organisation and see of those
// who are helped numbers only.
//
//	home.go          what waits for a decision, and figures
//	team.go          everybody who has or had a role, and open invitations
//	invite.go        inviting somebody
//	person.go        one colleague: what they may do, and the acts of one button (acts.go)
//	suspend.go       suspending somebody, after showing what they leave, and handing it over
//	limit.go         the procedures of a person, within those of the organisation
//	reset.go         asking for the removal of lost second factors, and deciding on another's request
//	organisation.go  particulars of the organisation
//
// Every act is one of the domain, which asks again whether this referent may do it to this person: a person of another
// organisation is not found there, whatever a page has shown. Before a form of an act that needs a fresh second factor, the page asks
// for one; when it became too old meanwhile, the form comes back as it was filled in.
package referent
