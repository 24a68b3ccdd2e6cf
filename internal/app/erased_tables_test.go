package app_test

import (
	"regexp"
	"testing"

	"mandat/internal/apptest"
)

// forgetting says of every table that names a citizen, or what hangs on one, who forgets it in an erasure; or why nobody has to.
var forgetting = map[string]string{
	"citizen":              "citizen.Forget",
	"citizen_mails_link":   "citizen.Forget",
	"mandate":              "mandate.Forget",
	"mandate_power":        "mandate.Forget",
	"mandate_evidence":     "mandate.Forget",
	"mandate_draft":        "draft.Forget",
	"mandate_end_told":     "goes with its mandate",
	"attestation":          "attestation.Forget",
	"attestation_status":   "attestation.Forget",
	"attestation_word":     "attestation.Forget",
	"receipt_status":       "receipt.Forget: the place becomes a decoy",
	"report_use":           "report.Forget",
	"report_account":       "report.Forget",
	"phone":                "phone.Register.Forget",
	"consent":              "consent.Forget",
	"consent_message":      "consent.Forget",
	"notify_message":       "notify.Forget",
	"decision_answer":      "decision.Forget",
	"backchannel_session":  "backchannel.Forget",
	"idp_login":            "idp.Forget",
	"idp_subject":          "goes with its citizen",
	"erasure_hold":         "erasure",
	"erasure_request":      "erasure",
	"unsealing":            "unsealing.Forget",
	"inquiry":              "inquiry.Forget: the words of what is closed, and of the others once they are",
	"inquiry_finding":      "inquiry.Forget: the words; the id of the mandate leads nowhere then",
	"inquiry_measure":      "the id of the mandate leads nowhere then",
	"anomaly_alert":        "anomaly.Forget: what an auditor wrote of it; else it names an aidant in an organisation",
	"recipient_signal":     "recipient.Forget: the words; else it names places in the log",
	"journal_entry":        "journal.Tx.Forget; what accounts for it stays, with the citizen's id",
	"franceconnect_link":   "ids alone, of a draft that lives a day: purged after a day",
	"credential_challenge": "the id alone, for minutes",
	"session_attempt":      "ids alone, for minutes",
	"session":              "the id alone of whom a factor was given for, as long as the session lasts: without it the factor would be for anybody",
	"certification_import": "a file of professionals' results, under a key of its own",
	"credential_card":      "a professional's, under a key of its own",
	"credential_totp":      "a professional's, under a key of its own",
	"mandate_handover":     "names professionals alone",
	"phone_holder":         "phone.Register.Forget: the seat of the number in service; hashes of ids, keyed by a key outside, are purged at their quarter",
	"person_identity":      "a professional's",
	"idp_actor":            "a professional's",
}

// ofCitizens finds the columns that name a citizen or what hangs on one, or are sealed.
var ofCitizens = regexp.MustCompile(`citizen|mandate|draft|^(use|consent|phone|login|subject)_id$|^same_as$|^transfers$|^renews$|^data_key$|^identity$|^sub$|^seat$`)

// A table that holds something of citizens, and that nobody thought of, would keep it for ever.
func TestErasure_KnowsEveryTable(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Alone = true })
	rows, err := site.Connect(t, site.Superuser).Query(t.Context(), `select table_name::text, column_name::text from information_schema.columns where table_schema = 'public' and table_name not like 'river%' and table_name not like 'goose%'`)
	must(t, err)
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		all[table] = true
		if ofCitizens.MatchString(column) && forgetting[table] == "" {
			t.Errorf("%s.%s: who forgets it when its citizen is erased?", table, column)
		}
	}
	must(t, rows.Err())
	for table := range forgetting {
		if !all[table] {
			t.Errorf("there is no table %s", table)
		}
	}
}
