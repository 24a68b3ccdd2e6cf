package auditor

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mandat/internal/anomaly"
	"mandat/internal/attestation"
	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/inquiry"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/receipt"
	"mandat/internal/recipient"
	"mandat/internal/report"
	"mandat/internal/session"
	"mandat/internal/signingkey"
	"mandat/internal/site/staff"
	"mandat/internal/statistics"
	"mandat/internal/unsealing"
)

// codes are the words that stand in entries for machines, by action and member.
func codes() map[string][]string {
	refused := strings.Fields(`no_power not_allowed aidant_inactive session_over no_email code_expired code_replayed token_expired token_replayed wrong_client wrong_redirect_uri wrong_verifier`)
	denied := strings.Fields(`not_served organisation_inactive aidant_inactive not_allowed no_power case scheduled expired ended suspended level identity`)
	return map[string][]string{
		"person.joined roles": {org.RoleAidant, org.RoleReferent}, "person.left roles": {org.RoleReferent}, "person.contact_shown kind": {org.ByEmail, org.ByPhone},
		"key.made use": texts(signingkey.Uses()), "key.rotated use": {string(signingkey.Receipt)},
		"factor.added kind": {credential.KindPasskey, credential.KindApp, credential.KindCard}, "factor.removed kind": {credential.KindRecovery},
		"session.opened method":   {session.ByProConnect, session.ByMailLink, session.ByPasskey, session.ByInvitation, session.ByReset},
		"draft.identified method": append(texts(procedure.Assurances()), draft.ByFranceConnect, draft.ByDocument), "draft.identity_refused reason": {"minor"},
		"phone.refused why": {"staff", "other"}, "phone.allowed why": {"staff", "other"},
		"consent.ignored why": {"number", "late"}, "consent.failed why": {"gateway", "undelivered", "number"},
		"mandate.ended reason":       append(slices.Clone(mandate.Reasons), "superseded", "transferred", "expired"),
		"mandate.consulted page":     {mandate.PageMandate, mandate.PageEnd, mandate.PageAttestation, mandate.PageDocument, mandate.PageEvidence, report.PageUses, report.PageReport},
		"mandate.exported format":    {"csv", "xlsx"},
		"attestation.issued kind":    texts([]attestation.Kind{attestation.Given, attestation.Ended, attestation.Report}),
		"receipt.issued kind":        {receipt.KindCitizen},
		"power.ended reason":         mandate.Reasons,
		"power.abandoned why":        {"expired", "cancelled"},
		"power.refused reason":       refused,
		"power.declared way":         {"site", "telephone", "paper", "counter"},
		"power.accounted outcome":    {"done", "to_finish", "refused", "nothing"},
		"decision.refused reason":    denied,
		"job.retried kind":           {"look-for-anomalies", "message"},
		"journal.searched filters":   strings.Fields("organisation person citizen mandate procedure service action session from to page sample none"),
		"statistics.exported format": statistics.Formats(),
		"erasure.released why":       {"over", "lifted", "mistaken"},
		"retention.changed policy":   {"security_log", "mandates"},
		"retention.changed unit":     {"minute", "hour", "day", "month", "year"},
		"unsealing.asked reason":     unsealing.Reasons(),
		"anomaly.found rule":         {"odd_hours", "burst", "soon_used", "shared_phone", "far_from_peers", "refused_steps", "same_device"},
		"anomaly.closed kind":        anomaly.Kinds(),
		"sample.checked outcome":     {"nothing", "case"},
		"inquiry.found gravity":      inquiry.Gravities(),
		"inquiry.decided outcome":    inquiry.Outcomes(),
		"recipient.viewed page":      {"organisations", "organisation", "journal"},
		"recipient.refused page":     {"search", "organisations", "organisation", "signal"},
		"recipient.refused reason":   {"elsewhere", "too_often"},
		"signal.raised kind":         recipient.Kinds(),
		"signal.closed outcome":      recipient.Outcomes(),
	}
}

func texts[T ~string](all []T) []string {
	var out []string
	for _, x := range all {
		out = append(out, string(x))
	}
	return out
}

// called are code words that are words.
var called = strings.Fields("aidant service session suspension grave")

// No sentence shows a code word to who reads the journal: each has words in both languages, and what nobody has words for stays as it is.
func TestSaid(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	all := codes()
	for _, of := range slices.Sorted(maps.Keys(all)) {
		action, member, _ := strings.Cut(of, " ")
		for _, code := range all[of] {
			if got := staff.Said(pages.Text, "fr", action, member, code); got == code && !slices.Contains(called, code) {
				t.Errorf("%s: %q has no words", of, code)
			}
		}
	}
	for _, of := range [][3]string{{"power.refused", "reason", "new_reason"}, {"power.refused", "login", "minor"}, {"nothing.of_ours", "kind", "other"}} {
		if got := staff.Said(pages.Text, "fr", of[0], of[1], of[2]); got != of[2] {
			t.Errorf("%v: %q", of, got)
		}
	}
	e := entryOf(t, "inquiry.found", map[string]any{"gravity": inquiry.Minor})
	if got, err := (meaning{text: pages.Text, lang: "fr"}).of(&e); err != nil || !strings.Contains(got, "(léger)") {
		t.Errorf("%q, %v", got, err)
	}
	e = entryOf(t, "journal.searched", map[string]any{"results": 3})
	if got, err := (meaning{text: pages.Text, lang: "en"}).of(&e); err != nil || !strings.Contains(got, "(without a filter)") {
		t.Errorf("%q, %v", got, err)
	}
	e = entryOf(t, "journal.searched", map[string]any{"results": 3, "filters": []any{"person", "from"}})
	if got, err := (meaning{text: pages.Text, lang: "fr"}).of(&e); err != nil || !strings.Contains(got, "(professionnel, depuis une date)") {
		t.Errorf("%q, %v", got, err)
	}
}
