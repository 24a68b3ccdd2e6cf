package recipient

import (
	"slices"

	"mandat/internal/journal"
)

// The members of an entry that a recipient may see.
const (
	At           = "at"
	Action       = "action"
	Organisation = "organisation" // its name
	Aidant       = "aidant"       // a pseudonym; to referents of the organisation, the name
	Citizen      = "citizen"      // a pseudonym
	Mandate      = "mandate"      // a pseudonym
	Login        = "login"        // our number of the login
	Outcome      = "outcome"      // the reason or the cause, one word of a list
	Count        = "count"        // how many in a month, and nothing of any of them
)

// Part is what a recipient sees. An action that stands here for nobody is seen by nobody but auditors.
type Part struct {
	Of     journal.Kind
	Rows   string // which of the entries of these actions
	Why    string
	Acts   []string // actions
	Fields []string // what of an entry
}

// Has reports whether an action is among its acts.
func (p Part) Has(action string) bool { return slices.Contains(p.Acts, action) }

// Parts is who sees what: the one table of it. The database holds the first two to the same (migrations/0071_recipient.sql), and TestParts_AreWhatTheDatabaseShows both to each other.
func Parts() []Part {
	return []Part{
		{
			Of:   journal.Fraud,
			Rows: "logins by one of FranceConnect's clients, and the ends of mandates by which there was one",
			Why: "FranceConnect answers to services for the identities that pass through it, and looks into misuse: it needs to know when we gave which, or refused to, for whose account, and whether the right to it stands. " +
				"It needs neither names, which it has, nor the procedure, which tells what somebody needs",
			Acts:   []string{"power.used", "power.refused", "power.abandoned", "mandate.ended", "power.ended"},
			Fields: []string{At, Action, Organisation, Aidant, Citizen, Login, Outcome},
		},
		{
			Of:   journal.Prefecture,
			Rows: "organisations of its department",
			Why: "A prefecture follows the organisations that help people with the State's procedures in its department, and the labels of some. It needs to know that they are certified, at work, and in order; it runs none of them, " +
				"and needs to know nobody who works there or is helped there",
			Acts:   []string{"mandate.signed", "mandate.ended", "power.used", "power.accounted"},
			Fields: []string{Organisation, Count},
		},
		{
			Of:   journal.Referent,
			Rows: "their own organisation",
			Why: "The charter has the referent check that mandates are signed and kept, and they run the people there: what was done in the name of their organisation they have to know, " +
				"but whom it concerns only who follows the mandate",
			Acts: []string{
				"organisation.changed", "organisation.limited", "organisation.hours_changed", "organisation.suspended", "organisation.resumed",
				"person.added", "person.joined", "person.left", "person.suspended_there", "person.resumed_there", "person.limited",
				"invitation.made", "invitation.renewed", "invitation.withdrawn",
				"mandate.signed", "mandate.started", "mandate.ended", "mandate.suspended", "mandate.resumed", "mandate.handed_over", "mandate.exported",
				"power.used", "power.ended", "power.declared", "power.accounted", "attestation.issued", "report.handed_over", "checklist.done",
			},
			Fields: []string{At, Action, Aidant, Citizen, Mandate},
		},
	}
}

// PartOf is the part of a recipient, the zero Part for who is none: it has no acts.
func PartOf(kind journal.Kind) Part {
	for _, p := range Parts() {
		if p.Of == kind {
			return p
		}
	}
	return Part{}
}
