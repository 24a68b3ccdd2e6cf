package journal

// Action is a kind of act, as it stands in entries.
type Action struct {
	Name   string   // "noun.past_participle"
	Detail []string // names of the members its detail may have
}

// Actions lists every action that the program records. docs/journal.md explains each; a test holds the two together.
func Actions() []Action {
	return []Action{
		{"organisation.created", []string{"siret", "particulars_sha256"}},
		{"organisation.changed", []string{"siret", "particulars_sha256"}},
		{"organisation.limited", []string{"procedures"}},
		{"organisation.suspended", nil},
		{"organisation.resumed", nil},
		{"organisation.closed", nil},
		{"person.added", []string{"person", "subject_sha256", "roles", "auditor", "administrator", "invitation"}},
		{"person.appointed", []string{"person", "invitation"}},
		{"person.suspended", []string{"person", "why"}},
		{"person.resumed", []string{"person"}},
		{"person.joined", []string{"person", "roles", "invitation"}},
		{"person.left", []string{"person", "roles"}},
		{"person.suspended_there", []string{"person"}},
		{"person.resumed_there", []string{"person"}},
		{"person.limited", []string{"person", "procedures"}},
		{"person.changed", []string{"person"}},
		{"person.contact_shown", []string{"person", "kind"}},
		{"person.identity_asked", []string{"person", "subject_sha256"}},
		{"person.identity_confirmed", []string{"person", "subject_sha256"}},
		{"person.identity_refused", []string{"person", "subject_sha256"}},
		{"certification.trained", []string{"person", "state", "trained_on", "training", "organiser_sha256"}},
		{"certification.tested", []string{"person", "state", "tested_on", "score", "minimum"}},
		{"certification.certified", []string{"person", "state", "until"}},
		{"certification.granted", []string{"person", "state", "trained_on", "training", "organiser_sha256", "tested_on", "score", "minimum", "until"}},
		{"certification.suspended", []string{"person", "state"}},
		{"certification.resumed", []string{"person", "state"}},
		{"certification.imported", []string{"import", "file_sha256", "lines", "first", "last", "changed", "unchanged", "refused", "changes_sha256"}},
		{"certification.import_stopped", []string{"import", "done"}},
		{"charter.published", []string{"version", "sha256"}},
		{"charter.accepted", []string{"person", "version", "sha256"}},
		{"invitation.made", []string{"invitation", "roles", "expires_at"}},
		{"invitation.proposed", []string{"invitation", "expires_at"}},
		{"invitation.confirmed", []string{"invitation", "expires_at"}},
		{"invitation.renewed", []string{"invitation", "expires_at"}},
		{"invitation.withdrawn", []string{"invitation"}},
		{"session.opened", []string{"acr", "idp", "method", "factor"}},
		{"session.stepped_up", []string{"acr", "factor"}},
		{"session.closed", nil},
		{"session.ended", []string{"all"}},
		{"draft.identified", []string{"draft", "method"}},
		{"draft.identity_refused", []string{"draft", "method", "reason"}},
		{"draft.identity_dropped", []string{"draft"}},
		{"mandate.signed", []string{"draft", "procedures", "days", "ends_at", "identified_by", "identified_at", "factor_at", "catalogue", "terms_sha256", "superseded"}},
		{"mandate.ended", []string{"reason", "procedures"}},
		{"mandate.handed_over", []string{"from", "to", "mandates", "drafts"}},
		{"attestation.issued", []string{"sha256", "lang", "template"}},
		{"power.used", []string{"login", "client", "procedure", "procedure_is", "theme", "service"}},
		{"power.refused", []string{"login", "client", "step", "reason", "procedure"}},
		{"journal.exported", []string{"size"}},
		{"security.digested", []string{"since", "refusals"}},
	}
}
