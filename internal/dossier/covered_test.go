package dossier_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mandat/internal/dbtest"
)

// coverage says what becomes of a table in a citizen's file.
type coverage struct {
	told string // columns of which the file tells
	left string // those of which it does not
	why  string
}

const (
	keys    = "keys, digests and what rows are found by: they say nothing of the citizen"
	byOther = "they join the row to others that the file tells of, and to the organisation whose file it is"
)

// covered are the tables in which something about a citizen stands.
var covered = map[string]coverage{
	"citizen": {"id identity identified_by identified_at created_at mails_refused_at mails_refused_signed", "organisation_id sub_index name_index data_key has_email", keys},
	"mandate": {"id citizen_id person_id state identified_by identified_at signed_at starts_at days ends_at lasts_until ended_at ended_by end_reason terms terms_digest consent_by witness_id signed_with renews transfers",
		"organisation_id draft_id catalogue", byOther + "; the terms have the version of the catalogue"},
	"mandate_power":      {"mandate_id procedure case_ref level state starts_at ends_at ended_at end_reason", "organisation_id citizen_id identified_by suspended_at", byOther + "; a suspension is told among the acts"},
	"mandate_evidence":   {"mandate_id sealed sha256 created_at", "organisation_id", byOther},
	"mandate_end_told":   {"mandate_id told_at", "organisation_id person_id", "an aidant was reminded, which is about the aidant"},
	"attestation":        {"mandate_id lang kind size edition document sha256 issued_at", "organisation_id words template issued_by", "the words are those of the document, which is there"},
	"attestation_status": {"", "token_hash mandate_id organisation_id token created_at", "the address stands on the documents, which are there"},
	"attestation_word":   {"", "mandate_id organisation_id word mac created_at", "the word stands on the documents, which are there"},
	"mandate_draft": {"person_id state procedures levels cases days from_on until_on payments bank_details tell informed_at identity identified_by identified_at witness_id witnessed_at transfers_from created_at expires_at",
		"id organisation_id version case_refs no_protection_at debt_read renews transfers subject_id data_key sub_index identified_session witness_factor_at witness_terms signing same_as other_than mandate_id", keys + "; " + byOther},
	"phone": {"state number barred asked_at asked_by sent_at colleague_id allowed_at reason verified_at verified_by removed_at removed_by",
		"id organisation_id citizen_id number_index message_id expires_at tries failed_at", keys},
	"phone_holder":       {"", "number_index person_mark seat kept_until", "marks under keys of the service, by which nobody can be found from a row; the number is told from the table phone"},
	"consent":            {"state asked_at asked_by expires_at answered_at answer ended_at unclear ignored", "id organisation_id citizen_id phone_id draft_id draft_version digest lang sent_at mandate_id", byOther},
	"consent_message":    {"kind text state queued_at sent_at reported_at", "id consent_id organisation_id seq retries", byOther},
	"report_use":         {"mandate_id person_id procedure case_ref way used_at", "id organisation_id citizen_id state accounts outcome closed_at closed_by", "what the last account says, which is told whole"},
	"report_account":     {"person_id given_at outcome supplied account", "use_id number organisation_id sha256", byOther},
	"receipt_status":     {"mandate_id procedure audience created_at", "list idx organisation_id case_ref decoy_ends_at", "the place in a public list, which stands in the receipt that was handed over"},
	"notify_message":     {"kind state created_at ended_at former", "id channel about person_id invitation_id citizen_id mandate_id collected_in", byOther},
	"citizen_mails_link": {"made_at", "token_hash organisation_id citizen_id", keys},
	"franceconnect_link": {"draft_id state refusal created_at left_at ended_at", "id organisation_id person_id draft_version session_id token number attempt browser nonce farewell expires_at",
		"what opened the link, as hashes that are worth nothing any more"},
	"idp_subject": {"sector sub created_at", "citizen_id organisation_id", byOther},
	"idp_login": {"client state refusal procedure created_at released_at person_id",
		"id organisation_id session_id factor_at sector redirect_uri client_state nonce challenge scope claims perimeters procedures expires_at citizen_id mandate_id identified_by code_hash code_expires_at token_hash token_expires_at factor_since case_ref direct level dpop_jkt max_age asked_at",
		"what the client asked and was given, as hashes, for a day"},
	"backchannel_session": {"client procedure sub opened_at over_at told_at", "login_id organisation_id person_id mandate_id case_ref", byOther},
	"decision_answer":     {"client procedure level reason answered_at", "organisation_id person_id citizen_id case_ref day mandate_id", byOther},
	"journal_entry":       {"at action person_id citizen_id mandate_id body", "id xid organisation_id salt session_id", "of the body, what was done and by whom; the rest of an entry is pseudonyms and digests, told in words by what they stand for"},
	"inquiry_finding": {"", "id inquiry_id round gravity organisation_id person_id mandate_id data_key words words_sha256 state made_by made_at due_at reply reply_sha256 replied_by replied_at outcome decided_at",
		"what auditors found about an organisation; that a mandate was suspended is told among the acts"},
	"inquiry_measure": {"", "id inquiry_id finding_id kind organisation_id person_id mandate_id provisional state ordered_by ordered_at stood_at ended_at", "told among the acts"},
	"erasure_hold":    {"citizen_id reason held_at until released_at release_reason", "id organisation_id held_by released_by", byOther},
	"erasure_request": {"state asked_at due_at taken_back_at", "id organisation_id citizen_id asked_by taken_back_by", byOther + "; who noted it stands among the acts"},
	"unsealing": {"citizen_id reason state asked_at decided_at until looks looked_at", "id person_id organisation_id data_key words asked_by expires_at decided_by ended_by ended_at",
		"auditors are told by their function; their words are sealed for auditors alone, and go within a year"},
	"journal_leaf": {"index", "entry_id commitment", "by which the entry is proven"},
}

// apart are the tables in which nothing stands about a citizen, with what they are about.
var apart = map[string]string{
	"organisation organisation_hours person membership person_identity person_contact person_contact_former person_warning person_giver invitation certification certification_import certification_change certification_refusal charter charter_acceptance mandate_handover": "professionals and their organisations",
	"credential_passkey credential_totp credential_card credential_recovery credential_reset credential_challenge maillink idp_actor":                                                                                                                                         "what professionals sign in with",
	"session session_attempt session_device session_presence session_origin security_event":                                                                                                                                                                                   "professionals' browsers; for whom a second factor was given stands there for the session's hours, and in the entry for good",
	"client client_assertion idp_pushed dpop_proof api_token": "services, and what they prove themselves with",
	"signing_key wrapping_key journal_tile journal_tree journal_checkpoint journal_cosignature journal_timestamp journal_witness journal_witnessed journal_inspection receipt_list comparison retention_policy retention_run retention_trial throttle smsin_seen": "the program's own keys, proofs and counters",
	"statistics_day statistics_month statistics_follow statistics_edition statistics_line": "counts of acts, in which nobody is",
	"sample sample_entry":                                                               "entries that chance drew for auditors, by their places",
	"recipient_signal recipient_checklist":                                              "what FranceConnect's fraud team told auditors of entries, and what referents checked of their organisation",
	"anomaly_alert anomaly_rule anomaly_trial anomaly_watch":                            "what is looked for in the journal, and alerts, which name entries",
	"inquiry inquiry_note inquiry_entry inquiry_decision inquiry_report":                "what auditors look into, with their notes, which are about organisations",
	"journal_search_block journal_search_lead journal_search_stale journal_search_term": "what auditors search entries by, of which the file tells",
	"goose_db_version river_job river_queue river_leader river_migration river_client river_client_queue river_notification": "the database's and the queue's own; jobs hold ids of rows that the file tells of",
}

// Every table and every column of the database has been thought of: a new one fails here until somebody says whether a citizen is told of it.
func TestCovered_EveryColumn(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	rows, err := d.Connect(t, d.Superuser).Query(t.Context(), `select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	others := map[string]bool{}
	for names := range apart {
		for _, name := range strings.Fields(names) {
			others[name] = true
		}
	}
	there := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		there[table] = append(there[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, table := range slices.Sorted(maps.Keys(there)) {
		c, ours := covered[table]
		switch {
		case ours == others[table]:
			t.Errorf("table %s: say whether something about a citizen stands in it", table)
		case ours:
			said := slices.Sorted(slices.Values(append(strings.Fields(c.told), strings.Fields(c.left)...)))
			if is := slices.Sorted(slices.Values(there[table])); !slices.Equal(said, is) {
				t.Errorf("table %s has the columns\n%v, and here stand\n%v", table, is, said)
			}
			if c.left != "" && c.why == "" {
				t.Errorf("table %s: why are columns left out", table)
			}
		}
		for _, column := range there[table] {
			if others[table] && (strings.Contains(column, "citizen") || column == "mandate_id") && table != "session" && table != "session_attempt" && table != "credential_challenge" {
				t.Errorf("table %s is said to be about no citizen, and has a column %s", table, column)
			}
		}
	}
	for table := range covered {
		if there[table] == nil {
			t.Errorf("there is no table %s", table)
		}
	}
}
