package journal

// Action is a kind of act, as it stands in entries.
type Action struct {
	Name   string   // "noun.past_participle"
	Detail []string // names of the members its detail may have
}

// Actions lists every action that the program records. docs/journal.md explains each; a test holds the two together.
func Actions() []Action {
	return []Action{
		{"organisation.created", nil},
		{"person.added", []string{"person", "roles"}},
		{"session.opened", nil},
		{"session.stepped_up", nil},
		{"session.closed", nil},
		{"draft.identified", []string{"draft"}},
		{"draft.identity_refused", []string{"draft", "reason"}},
		{"draft.identity_dropped", []string{"draft"}},
		{"mandate.signed", nil},
		{"mandate.ended", nil},
		{"mandate.expired", nil},
		{"attestation.issued", []string{"sha256"}},
		{"power.used", nil},
		{"power.refused", nil},
		{"journal.exported", nil},
	}
}
