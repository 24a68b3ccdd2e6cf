package app_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/retention"
)

// holding says of each policy that is about citizens how to put something there that is due long since, about citizen $1 of organisation $2; $3 is when.
var holding = map[string]string{
	"consents": `insert into consent (id, organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, lang, state, asked_at, asked_by, expires_at, ended_at)
		select gen_random_uuid(), $2, $1, gen_random_uuid(), gen_random_uuid(), 1, decode(repeat('00', 32), 'hex'), 'fr', 'expired', $3::timestamptz, p.id, $3::timestamptz + interval '1 hour', $3::timestamptz + interval '1 hour' from person p limit 1`,
	"telephones": `insert into phone (id, organisation_id, citizen_id, state, number, number_index, asked_at, asked_by)
		select gen_random_uuid(), $2, $1, 'asked', decode('01', 'hex'), decode(repeat('00', 32), 'hex'), $3::timestamptz, p.id from person p limit 1`,
	"mail_links": `insert into citizen_mails_link (token_hash, organisation_id, citizen_id, made_at) values (sha256(convert_to($1::uuid::text, 'UTF8')), $2, $1, $3)`,
	"messages":   `insert into notify_message (id, kind, about, citizen_id, state, created_at, ended_at) select gen_random_uuid(), 'mandate_used', c.id::text, c.id, 'sent', $3::timestamptz, $3::timestamptz from citizen c where c.id = $1 and c.organisation_id = $2`,
	"decisions": `insert into decision_answer (client, organisation_id, person_id, citizen_id, procedure, case_ref, level, day, reason, mandate_id, answered_at)
		select 'x', $2, p.id, $1, '', '', 'act', $3::timestamptz::date, 'no_power', '00000000-0000-0000-0000-000000000000', $3::timestamptz from person p limit 1`,
	"drafts": `insert into mandate_draft (id, organisation_id, person_id, state, procedures, levels, case_refs, days, no_protection_at, informed_at, created_at, expires_at, sub_index, identity, identified_at, identified_session, identified_by, subject_id, data_key)
		select gen_random_uuid(), c.organisation_id, p.id, 'identified', '{x}', '{act}', '{""}', 31, $3::timestamptz, $3::timestamptz, $3::timestamptz, $3::timestamptz + interval '24 hours', c.sub_index, '\x00', $3::timestamptz, '\x00', 'franceconnect', gen_random_uuid(), '\x00'
		from citizen c, person p where c.id = $1 and c.organisation_id = $2 limit 1`,
	"logins": `insert into idp_login (id, organisation_id, person_id, session_id, client, sector, redirect_uri, nonce, scope, claims, created_at, expires_at, state, refusal, citizen_id, factor_since)
		select ('01000000-0000-7000-8000-0000' || substr(md5($1::uuid::text), 1, 8))::uuid, $2, p.id, '\x00', 'x', 'x', 'x', 'x', 'x', '{}', $3::timestamptz, $3::timestamptz + interval '1 hour', 'refused', 'no_power', $1, $3::timestamptz from person p limit 1`,
	"identity_links": `insert into franceconnect_link (id, organisation_id, person_id, draft_id, draft_version, session_id, token, number, created_at, expires_at)
		select gen_random_uuid(), $2, p.id, (select draft_id from mandate where citizen_id = $1), 1, decode(repeat('00', 32), 'hex'), sha256(convert_to($1::uuid::text, 'UTF8')), 100 + (select count(*)::int from franceconnect_link), $3::timestamptz, $3::timestamptz + interval '10 minutes' from person p limit 1`,
	"unsealing_words": `insert into unsealing (id, citizen_id, organisation_id, reason, data_key, words, state, asked_by, asked_at, expires_at, decided_by, decided_at)
		select gen_random_uuid(), $1, $2, 'complaint', '\x00', '\x00', 'refused', p.id, $3::timestamptz, $3::timestamptz + interval '1 day', q.id, $3::timestamptz from person p join person q on q.id <> p.id limit 1`,
	"inquiry_words": `with q as (insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at)
			select gen_random_uuid(), 2001, 1 + (select count(*) from inquiry), '\x00', 'closed', p.id, $3, p.id, $3 from person p limit 1 returning id, opened_by),
		f as (insert into inquiry_finding (id, inquiry_id, round, gravity, organisation_id, mandate_id, words_sha256, state, made_by, made_at, due_at)
			select gen_random_uuid(), q.id, 1, 'minor', $2, (select id from mandate where citizen_id = $1), sha256(''), 'lapsed', q.opened_by, $3, $3::timestamptz + interval '1 day' from q returning inquiry_id)
		insert into inquiry_entry (inquiry_id, index, attached_by, attached_at) select q.id, 0, q.opened_by, $3 from q`,
	"anomaly_words": `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words)
		select gen_random_uuid(), r.key, r.version, gen_random_uuid(), p.id, '2001-01-01', (select array_agg(l.index) from journal_leaf l join journal_entry e on e.id = l.entry_id where e.citizen_id = $1 and e.organisation_id = $2), '{}', $3, $3, $3, 'closed', 'mistaken', p.id, $3, '\x00', '\x00'
		from anomaly_rule r, person p limit 1`,
	"signal_words": `insert into recipient_signal (id, kind, entries, data_key, words, words_sha256, state, raised_by, raised_at, outcome, closed_by, closed_at)
		select gen_random_uuid(), 'other', (select array_agg(index) from (select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.citizen_id = $1 and e.organisation_id = $2 limit 5) about), '\x00', '\x00', sha256(''), 'closed', p.id, $3, 'acted', p.id, $3 from person p limit 1`,
}

// holdingThere says the same of each policy that is about an organisation or its professionals: person $1 of organisation $2.
var holdingThere = map[string]string{
	"security_log":     `insert into security_event (at, kind, network, person_id) select $3::timestamptz, 'sign_in.unknown', '192.0.2.0/24', m.person_id from membership m where m.person_id = $1 and m.organisation_id = $2`,
	"session_origins":  `insert into session_origin (session_id, person_id, opened_at) select sha256(convert_to($1::uuid::text, 'UTF8')), m.person_id, $3::timestamptz from membership m where m.person_id = $1 and m.organisation_id = $2`,
	"devices":          `insert into session_device (person_id, device, label, network, first_at, last_at) select m.person_id, sha256(convert_to($1::uuid::text, 'UTF8')), 'x', '192.0.2.0/24', $3::timestamptz, $3::timestamptz from membership m where m.person_id = $1 and m.organisation_id = $2`,
	"former_addresses": `insert into person_contact_former (person_id, at, email) select m.person_id, $3::timestamptz, 'x@exemple.invalid' from membership m where m.person_id = $1 and m.organisation_id = $2`,
	"invitations": `insert into invitation (id, organisation_id, roles, email, given_name, usual_name, state, created_at, expires_at, decided_at, invited_by)
		select gen_random_uuid(), $2, '{aidant}', 'x@exemple.invalid', 'X', 'X', 'withdrawn', $3::timestamptz - interval '1 day', $3::timestamptz, $3::timestamptz, $1`,
	"unsealing_words": `insert into unsealing (id, person_id, reason, data_key, words, state, asked_by, asked_at, expires_at, decided_by, decided_at)
		select gen_random_uuid(), m.person_id, 'complaint', '\x00', '\x00', 'refused', p.id, $3::timestamptz, $3::timestamptz + interval '1 day', q.id, $3::timestamptz from membership m, person p join person q on q.id <> p.id where m.person_id = $1 and m.organisation_id = $2 limit 1`,
	"inquiry_words": `with q as (insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at)
			select gen_random_uuid(), 2002, 1 + (select count(*) from inquiry), '\x00', 'closed', $1, $3, $1, $3 returning id, opened_by)
		insert into inquiry_finding (id, inquiry_id, round, gravity, organisation_id, words_sha256, state, made_by, made_at, due_at)
			select gen_random_uuid(), q.id, 1, 'minor', $2, sha256(''), 'lapsed', q.opened_by, $3, $3::timestamptz + interval '1 day' from q`,
	"anomaly_words": `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words)
		select gen_random_uuid(), r.key, r.version, $2, $1, '2002-01-01', '{1000000}', '{}', $3, $3, $3, 'closed', 'mistaken', $1, $3, '\x00', '\x00' from anomaly_rule r limit 1`,
	"drafts": `insert into mandate_draft (id, organisation_id, person_id, state, procedures, levels, case_refs, days, no_protection_at, informed_at, created_at, expires_at)
		select gen_random_uuid(), $2, $1, 'open', '{x}', '{act}', '{""}', 31, $3, $3, $3::timestamptz, $3::timestamptz + interval '24 hours'`,
}

// unheld are the policies that no hold reaches, and why: what is good no more opens nothing, and says nothing of anybody who is helped.
var unheld = map[string]string{
	"telephone_seats": "which of them are whose is in no table; a number that is removed under a hold keeps its seat for as long (phone.TestBound_UnderAHold)",
	"anomaly_trials":  "thresholds, and how many alerts they would have made", "sessions": "secrets", "attempts": "secrets", "unshown_contacts": "what nobody has confirmed to be theirs", "mail_sign_ins": "secrets", "challenges": "secrets",
	"unfinished_factors": "secrets", "proofs": "hashes of what a service sent once, and its tokens", "pushed_requests": "what a service asked for before anybody was there", "sms_callbacks": "hashes of signatures", "allowances": "keyed hashes",
}

// What is about a citizen whose records are held stays, and what is about an organisation that is held with its professionals, whatever job comes round; the same about others goes. Every
// policy is tried, or nothing in its table says whom it is about.
func TestRetention_HeldStays(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	held, free := site.Sign(t, site.Jeanne, fixture.Citizen(1), fixture.Tax), site.Sign(t, site.Jeanne, fixture.Citizen(2), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	all := erasures(t, site, nil)
	for _, who := range []erasure.Who{{Organisation: site.Here, Citizen: held.Citizen}, {Organisation: site.Elsewhere}} {
		_, err := all.MakeHold(t.Context(), fresh(site, site.Adele), who, "litigation", site.Clock.Now().AddDate(1, 0, 0))
		must(t, err)
	}
	long := site.Clock.Now().AddDate(-7, 0, 0)
	for _, sql := range holding {
		for _, citizen := range []uuid.UUID{held.Citizen, free.Citizen} {
			site.Behind(t, sql, citizen, site.Here, long)
		}
	}
	for _, sql := range holdingThere {
		site.Behind(t, sql, site.Ines.Person, site.Elsewhere, long)
		site.Behind(t, sql, site.Jeanne.Person, site.Here, long)
	}
	for _, job := range []string{"purge-drafts", "purge-trace", "purge-logins", "purge-decisions", "purge-phones", "purge-contacts", "purge-invitations", "purge-messages", "purge-mail-links", "purge-consents", "purge-telephones",
		"forget-inquiries", "purge-anomalies", "purge-signals", "purge-unsealings"} {
		must(t, site.App.Do(t.Context(), job))
	}
	for _, key := range slices.Sorted(maps.Keys(everyPolicy(t))) {
		want := 0
		for _, tried := range []map[string]string{holding, holdingThere} {
			if tried[key] != "" {
				want++
			}
		}
		switch {
		case want == 0 && unheld[key] == "" && key != retention.Mandates:
			t.Errorf("%s: no hold is tried", key)
		case want > 0:
			var done, kept int
			site.Row(t, `select coalesce(max(total), -1), coalesce(max(held), -1) from retention_run where policy = $1`, []any{key}, &done, &kept)
			if done != want || kept != want {
				t.Errorf("%s: %d went and %d are held, want %d of each", key, done, kept, want)
			}
		}
	}
	for _, nobodys := range []string{`delete from consent`, `delete from phone`, `delete from mandate_draft where state <> 'signed'`, `delete from idp_login`, `delete from unsealing`, `delete from inquiry_entry`, `delete from inquiry_finding`, `delete from inquiry`,
		`delete from anomaly_alert`, `delete from recipient_signal`, `delete from invitation where given_name = 'X'`} { // no entry tells of them
		site.Behind(t, nobodys)
	}
}

// What auditors wrote of two people stays while one of them is held, also when the hold on the other one ends.
func TestRetention_OfTwoHoldsOneEnds(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	here := func(citizen uuid.UUID) erasure.Who { return erasure.Who{Organisation: site.Here, Citizen: citizen} }
	one, other := site.Sign(t, site.Jeanne, fixture.Citizen(1), fixture.Tax), site.Sign(t, site.Jeanne, fixture.Citizen(2), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	long := site.Clock.Now().AddDate(-7, 0, 0)
	site.Behind(t, `with q as (insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at) values (gen_random_uuid(), 2003, 1, '\x00', 'closed', $1, $2, $1, $2) returning id),
		f as (insert into inquiry_finding (id, inquiry_id, round, gravity, organisation_id, mandate_id, data_key, words, words_sha256, state, made_by, made_at, due_at)
			select gen_random_uuid(), q.id, 1, 'minor', $3, $4, '\x00', '\x00', sha256(''), 'lapsed', $1, $2, $2::timestamptz + interval '1 day' from q)
		insert into inquiry_entry (inquiry_id, index, attached_by, attached_at) select q.id, l.index, $1, $2 from q, journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $5`,
		site.Jeanne.Person, long, site.Here, one.ID, other.ID)
	site.Behind(t, `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words)
		select gen_random_uuid(), r.key, r.version, gen_random_uuid(), $1, '2003-01-01', (select array_agg(l.index) from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id in ($3, $4)), '{}', $2, $2, $2, 'closed', 'mistaken', $1, $2, '\x00', '\x00'
		from anomaly_rule r limit 1`, site.Jeanne.Person, long, one.ID, other.ID)
	kept := func(what string, want int) {
		t.Helper()
		must(t, errors.Join(site.App.Do(t.Context(), "forget-inquiries"), site.App.Do(t.Context(), "purge-anomalies")))
		if n := site.Number(t, `select (select count(*) from inquiry where data_key is not null) + (select count(*) from inquiry_finding where words is not null) + (select count(*) from anomaly_alert where words is not null)`); n != want {
			t.Errorf("%s: the words of %d are kept, want %d", what, n, want)
		}
	}
	all := erasures(t, site, nil)
	hold := func(who erasure.Who, hours int) erasure.Hold {
		t.Helper()
		h, err := all.MakeHold(t.Context(), fresh(site, site.Adele), who, "litigation", site.Clock.Now().Add(time.Duration(hours)*time.Hour))
		must(t, err)
		return h
	}
	first, _ := hold(here(one.Citizen), 10), hold(here(other.Citizen), 1)
	kept("both are held", 3)
	site.Clock.Advance(2 * time.Hour)
	kept("the hold on the one whose entry is attached has ended", 3)
	second := hold(here(other.Citizen), 10)
	must(t, all.Release(t.Context(), fresh(site, site.Adele), first.ID, "over"))
	kept("the hold on the one of whom something was found was released", 3)
	must(t, all.Release(t.Context(), fresh(site, site.Adele), second.ID, "over"))
	kept("none is held", 0)
	for _, nobodys := range []string{`delete from inquiry_entry`, `delete from inquiry_finding`, `delete from inquiry`, `delete from anomaly_alert`} { // no entry tells of them
		site.Behind(t, nobodys)
	}
}

// everyPolicy are all of them.
func everyPolicy(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, tried := range []map[string]string{holding, holdingThere, unheld, ages, elsewhere} { // TestRetention_EveryJob holds the last two to the table
		for key := range tried {
			all[key] = true
		}
	}
	return all
}

// The tables of what no hold reaches name no citizen and no organisation.
func TestRetention_UnheldNamesNobody(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for key, tables := range map[string]string{"telephone_seats": "phone_holder", "anomaly_trials": "anomaly_trial", "unshown_contacts": "person_contact", "mail_sign_ins": "maillink", "proofs": "client_assertion dpop_proof api_token", "pushed_requests": "idp_pushed",
		"sms_callbacks": "smsin_seen", "allowances": "throttle", "unfinished_factors": "credential_totp"} {
		for table := range strings.FieldsSeq(tables) {
			var named []string
			if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select coalesce(array_agg(column_name::text), '{}') from information_schema.columns where table_name = $1
				and (column_name ~ '(citizen|organisation|mandate|draft|consent)' or not exists (select from information_schema.tables where table_name = $1))`, table).Scan(&named); err != nil {
				t.Fatal(err)
			}
			if unheld[key] == "" || len(named) > 0 {
				t.Errorf("%s: %s has %v", key, table, named)
			}
		}
	}
}
