package journal

import "slices"

// Action is a kind of act, as it stands in entries.
type Action struct {
	Name   string   // "noun.past_participle"
	Detail []string // names of the members its detail may have
}

// Actions lists every action that the program records. docs/journal.md explains each; a test holds the two together.
func Actions() []Action { return slices.Concat(staff(), mandates()) }

// staff lists what is done to organisations, professionals, what they sign in with, and the program's own keys.
func staff() []Action {
	return []Action{
		{"organisation.created", []string{"siret", "particulars_sha256", "invitation", "roles", "expires_at"}},
		{"organisation.changed", []string{"siret", "particulars_sha256"}},
		{"organisation.limited", []string{"procedures"}},
		{"organisation.suspended", nil}, {"organisation.resumed", nil}, {"organisation.closed", nil},
		{"person.added", []string{"person", "subject_sha256", "roles", "auditor", "administrator", "invitation", "given_by"}},
		{"person.appointed", []string{"person", "invitation", "given_by"}},
		{"person.office_ended", []string{"person"}},
		{"person.suspended", []string{"person", "why"}},
		{"person.resumed", []string{"person"}},
		{"person.joined", []string{"person", "roles", "invitation", "given_by"}},
		{"person.left", []string{"person", "roles"}},
		{"person.suspended_there", []string{"person"}},
		{"person.resumed_there", []string{"person"}},
		{"person.limited", []string{"person", "procedures"}},
		{"person.changed", []string{"person"}},
		{"person.contact_shown", []string{"person", "kind"}},
		{"person.identity_asked", []string{"person", "subject_sha256"}},
		{"person.identity_vouched", []string{"person", "subject_sha256"}},
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
		{"key.made", []string{"use", "next", "current"}},
		{"key.rotated", []string{"use", "why", "next", "current", "old", "withdrawn"}},
		{"invitation.made", []string{"invitation", "roles", "expires_at"}},
		{"invitation.proposed", []string{"invitation", "expires_at"}},
		{"invitation.confirmed", []string{"invitation", "expires_at"}},
		{"invitation.renewed", []string{"invitation", "expires_at"}},
		{"invitation.withdrawn", []string{"invitation"}},
		{"factor.added", []string{"person", "kind", "factor", "digest", "serial", "replaces"}},
		{"factor.removed", []string{"person", "kind", "factor", "serial", "last"}},
		{"factor.cloned", []string{"person", "kind", "factor"}},
		{"factor.recovery_made", []string{"person", "kind", "digest"}},
		{"factor.recovery_used", []string{"person", "kind", "left"}},
		{"factor.codes_refused", []string{"person"}},
		{"factor.reset_asked", []string{"person", "reset"}},
		{"factor.reset_approved", []string{"person", "reset", "effective_at"}},
		{"factor.reset_refused", []string{"person", "reset"}},
		{"factor.reset_cancelled", []string{"person", "reset"}},
		{"factor.reset_done", []string{"person", "reset", "removed"}},
		{"factor.reset_used", []string{"person", "reset"}},
		{"cards.imported", []string{"digest", "cards"}},
		{"cards.sent", []string{"serial"}},
		{"cards.lost", []string{"serial"}},
		{"session.opened", []string{"acr", "idp", "method", "factor"}},
		{"session.stepped_up", []string{"acr", "factor"}},
		{"session.closed", nil},
		{"session.ended", []string{"all"}},
	}
}

// mandates lists what is done for citizens, and with what they gave; and what is done with the journal itself.
func mandates() []Action {
	return []Action{
		{"citizen.searched", []string{"results", "login"}},
		{"citizen.mails_refused", []string{"with"}},
		{"citizen.mails_resumed", []string{"with"}},
		{"draft.identified", []string{"draft", "version", "method", "on", "document", "other_than"}},
		{"draft.namesakes_shown", []string{"draft", "document", "namesakes"}},
		{"draft.identity_refused", []string{"draft", "method", "on", "document", "reason"}},
		{"draft.identity_dropped", []string{"draft"}},
		{"draft.identity_shown", []string{"draft", "version"}},
		{"draft.taken_over", []string{"draft", "from"}},
		{"draft.witnessed", []string{"draft", "version", "method", "terms_sha256"}},
		{"phone.asked", []string{"phone", "replaces", "why"}},
		{"phone.refused", []string{"phone", "replaces", "why"}},
		{"phone.allowed", []string{"phone", "why"}},
		{"phone.verified", []string{"phone", "replaces"}},
		{"phone.removed", []string{"phone"}},
		{"consent.asked", []string{"consent", "draft", "version", "terms_sha256", "phone", "expires_at", "replaces"}},
		{"consent.given", []string{"consent", "draft"}},
		{"consent.refused", []string{"consent", "draft", "why"}},
		{"consent.unclear", []string{"consent", "draft", "count"}},
		{"consent.ignored", []string{"consent", "draft", "why"}},
		{"consent.expired", []string{"consent", "draft"}},
		{"consent.cancelled", []string{"consent", "draft"}},
		{"consent.failed", []string{"consent", "draft", "why"}},
		{"mandate.signed", []string{"draft", "version", "procedures", "powers", "days", "scheduled", "starts_at", "ends_at", "identified_by", "identified_at", "consent_by", "consent", "witness", "witnessed_at", "witnessed_sha256", "signed_with", "factor_at",
			"payments", "bank_details", "mails", "catalogue", "terms_sha256", "evidence_sha256", "renews", "transfers", "superseded"}},
		{"mandate.started", []string{"superseded"}},
		{"mandate.ended", []string{"reason", "procedures", "with"}},
		{"mandate.consulted", []string{"page"}},
		{"mandate.listed", []string{"mandates", "of"}},
		{"mandate.exported", []string{"mandates", "format", "tab", "filters", "of"}},
		{"mandate.handed_over", []string{"from", "to", "mandates", "drafts"}},
		{"attestation.issued", []string{"sha256", "lang", "template", "kind", "size", "edition"}},
		{"receipt.issued", []string{"receipt", "kind", "sha256", "places"}},
		{"power.ended", []string{"reason", "procedure", "case"}},
		{"power.abandoned", []string{"login", "client", "person", "step", "why", "procedure", "begun_at"}},
		{"power.used", []string{"login", "client", "procedure", "procedure_is", "case", "theme", "service"}},
		{"power.refused", []string{"login", "client", "step", "reason", "procedure"}},
		{"power.declared", []string{"use", "procedure", "case", "way"}},
		{"power.accounted", []string{"use", "procedure", "case", "number", "outcome", "supplied", "sha256"}},
		{"report.handed_over", []string{"sha256", "lang", "uses"}},
		{"job.retried", []string{"kind", "job"}},
		{"journal.exported", []string{"size"}},
		{"security.digested", []string{"since", "refusals"}},
	}
}
