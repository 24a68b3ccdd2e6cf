package app_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/retention"
)

// ages says of each policy how to put something there of some age: SQL, whose $1 is the time from which its period counts. It is a row of nobody.
var ages = map[string]string{
	"drafts": `insert into mandate_draft (id, organisation_id, person_id, state, procedures, levels, case_refs, days, no_protection_at, informed_at, created_at, expires_at)
		select gen_random_uuid(), o.id, p.id, 'open', '{x}', '{act}', '{""}', 31, $1, $1, $1::timestamptz, $1::timestamptz + interval '24 hours' from organisation o, person p limit 1`,
	"consents": `insert into consent (id, organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, lang, state, asked_at, asked_by, expires_at, ended_at)
		select gen_random_uuid(), o.id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, decode(repeat('00', 32), 'hex'), 'fr', 'expired', $1::timestamptz, p.id, $1::timestamptz + interval '1 hour', $1::timestamptz + interval '1 hour' from organisation o, person p limit 1`,
	"telephones": `insert into phone (id, organisation_id, citizen_id, state, number, number_index, asked_at, asked_by)
		select gen_random_uuid(), o.id, gen_random_uuid(), 'asked', decode('01', 'hex'), decode(repeat('00', 32), 'hex'), $1::timestamptz, p.id from organisation o, person p limit 1`,
	"identity_links": `insert into franceconnect_link (id, organisation_id, person_id, draft_id, draft_version, session_id, token, number, created_at, expires_at)
		select gen_random_uuid(), o.id, p.id, gen_random_uuid(), 1, decode(repeat('00', 32), 'hex'), sha256(convert_to($1::timestamptz::text, 'UTF8')), 100 + extract(minute from $1::timestamptz)::int, $1::timestamptz, $1::timestamptz + interval '10 minutes' from organisation o, person p limit 1`,
	"mail_links":      `insert into citizen_mails_link (token_hash, organisation_id, citizen_id, made_at) select sha256(convert_to($1::timestamptz::text, 'UTF8')), o.id, gen_random_uuid(), $1::timestamptz from organisation o limit 1`,
	"messages":        `insert into notify_message (id, kind, about, person_id, state, created_at, ended_at) select gen_random_uuid(), 'renamed', $1::timestamptz::text, p.id, 'sent', $1::timestamptz, $1::timestamptz from person p limit 1`,
	"security_log":    `insert into security_event (at, kind, network) values ($1, 'sign_in.unknown', '192.0.2.0/24')`,
	"session_origins": `insert into session_origin (session_id, person_id, opened_at) select sha256(convert_to($1::timestamptz::text, 'UTF8')), p.id, $1::timestamptz from person p limit 1`,
	"unsealing_words": `insert into unsealing (id, person_id, reason, data_key, words, state, asked_by, asked_at, expires_at, decided_by, decided_at)
		select gen_random_uuid(), p.id, 'complaint', '\x00', '\x00', 'refused', p.id, $1::timestamptz, $1::timestamptz + interval '1 day', q.id, $1::timestamptz from person p join person q on q.id <> p.id limit 1`,
	"inquiry_words": `insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at)
		select gen_random_uuid(), 2001, 1 + (select count(*) from inquiry), '\x00', 'closed', p.id, $1::timestamptz, p.id, $1::timestamptz from person p limit 1`,
	"anomaly_words": `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words)
		select gen_random_uuid(), r.key, r.version, gen_random_uuid(), p.id, '2001-01-01', '{1000000}', '{}', $1::timestamptz, $1::timestamptz, $1::timestamptz, 'closed', 'mistaken', p.id, $1::timestamptz, '\x00', '\x00' from anomaly_rule r, person p limit 1`,
	"anomaly_trials": `insert into anomaly_trial (id, rule, thresholds, from_day, to_day, made_by, made_at, state, ended_at)
		select gen_random_uuid(), r.key, r.thresholds, '2001-01-01', '2001-01-02', p.id, $1::timestamptz, 'failed', $1::timestamptz from anomaly_rule r, person p limit 1`,
	"devices":          `insert into session_device (person_id, device, label, network, first_at, last_at) select p.id, sha256(convert_to($1::timestamptz::text, 'UTF8')), 'x', '192.0.2.0/24', $1::timestamptz, $1::timestamptz from person p limit 1`,
	"former_addresses": `insert into person_contact_former (person_id, at, email) select p.id, $1::timestamptz, 'x@exemple.invalid' from person p limit 1`,
	"sms_callbacks":    `insert into smsin_seen (signature, at) values (sha256(convert_to($1::timestamptz::text, 'UTF8')), $1::timestamptz)`,
	"decisions": `insert into decision_answer (client, organisation_id, person_id, citizen_id, procedure, case_ref, level, day, reason, mandate_id, answered_at)
		select 'x', o.id, p.id, gen_random_uuid(), '', '', 'act', ($1::timestamptz at time zone 'Europe/Paris')::date, 'no_power', '00000000-0000-0000-0000-000000000000', $1::timestamptz from organisation o, person p limit 1`,
	"invitations": `insert into invitation (id, organisation_id, roles, email, given_name, usual_name, state, created_at, expires_at, decided_at)
		select gen_random_uuid(), o.id, '{aidant}', 'x@exemple.invalid', 'X', 'X', 'withdrawn', $1::timestamptz - interval '1 day', $1::timestamptz, $1::timestamptz from organisation o limit 1`,
	"unfinished_factors": `insert into credential_totp (id, person_id, kind, name, data_key, seed, period, created_at) select gen_random_uuid(), p.id, 'app', 'x', '\x00', '\x00', 30, $1::timestamptz from person p where not exists (select from credential_totp c where c.person_id = p.id) limit 1`,
	"allowances":         `insert into throttle (key, tat) values (sha256(convert_to($1::timestamptz::text, 'UTF8')), $1::timestamptz)`,
	"challenges": `insert into credential_challenge (id, session_id, purpose, data, created_at, expires_at)
		values (sha256(convert_to($1::timestamptz::text, 'UTF8')), '\x00', 'sign_in', '\x00', $1::timestamptz - interval '5 minutes', $1::timestamptz)`,
	"mail_sign_ins":    `insert into maillink (id, session_id, created_at, expires_at) values (gen_random_uuid(), '\x00', $1::timestamptz, $1::timestamptz + interval '5 minutes')`,
	"unshown_contacts": `insert into person_contact (person_id, kind, value, hash, created_at, expires_at) select p.id, case when $1::timestamptz > $2::timestamptz - interval '15 minutes' then 'email' else 'phone' end, 'x@exemple.invalid', decode(repeat('00', 32), 'hex'), $1::timestamptz, $1::timestamptz + interval '15 minutes' from person p limit 1`,
	"proofs":           `insert into dpop_proof (hash, expires_at) values (sha256(convert_to($1::timestamptz::text, 'UTF8')), $1::timestamptz)`,
	"pushed_requests":  `insert into idp_pushed (reference, client, request, created_at, expires_at) values (sha256(convert_to($1::timestamptz::text, 'UTF8')), 'x', 'x', $1::timestamptz - interval '1 minute', $1::timestamptz)`,
}

// elsewhere are the policies whose jobs other tests hold to their time, because a row of nobody cannot stand there.
var elsewhere = map[string]string{
	retention.Mandates: "app.TestRetention_ErasesWhoseTimeIsOver", "telephone_seats": "phone.TestBound", "signal_words": "recipient.TestSignal_WordsGo", "logins": "idp.TestPurge", "sessions": "session.TestPurge", "attempts": "session.TestPurge",
}

// What is older than its period goes by the job of its policy, and is counted; what is younger stays. So count, job and table have one period.
func TestRetention_EveryJob(t *testing.T) {
	t.Parallel()
	var policies []retention.Policy
	slack := map[string]time.Duration{"decisions": 26 * time.Hour} // by days
	site := apptest.Start(t, func(o *apptest.Options) {
		o.Before = func(site *apptest.Site) {
			var err error
			policies, err = retention.New(site.DB, site.Journal, nil, site.Clock).Policies(t.Context())
			must(t, err)
			now := site.Clock.Now()
			for _, p := range policies {
				off := max(slack[p.Key], 10*time.Minute)
				from := p.Until(now, p.Amount)
				if sql := ages[p.Key]; sql != "" {
					for _, at := range []time.Time{from.Add(-off), from.Add(off)} {
						args := []any{at, now}
						if !strings.Contains(sql, "$2") {
							args = args[:1]
						}
						site.Behind(t, sql, args...)
					}
				} else if elsewhere[p.Key] == "" {
					t.Errorf("nothing of %s is put there", p.Key)
				}
			}
		}
	})
	run := func(key string) (done int) {
		site.Row(t, `select coalesce((select total from retention_run where policy = $1), -1)`, []any{key}, &done)
		return done
	}
	for _, key := range slices.Sorted(maps.Keys(ages)) {
		eventually(t, fmt.Sprintf("the job of %s has run", key), func() bool { return run(key) >= 0 })
		if n := run(key); n != 1 {
			t.Errorf("%s: %d went, want 1", key, n)
		}
	}
	looks, err := retention.New(site.DB, site.Journal, erasure.New(site.DB, site.Journal, nil, site.Clock, nil), site.Clock).DryRun(t.Context())
	must(t, err)
	for _, l := range looks {
		if l.Due != 0 {
			t.Errorf("%s: %d are due still", l.Key, l.Due)
		}
	}
	var left int
	site.Row(t, `select count(*) from security_event where at < $1`, []any{site.Clock.Now().AddDate(0, -11, 0)}, &left)
	if left != 1 {
		t.Errorf("%d events are left, want the one that is not due", left)
	}
	for _, nobodys := range []string{`delete from consent`, `delete from phone`, `delete from unsealing`, `delete from inquiry`, `delete from anomaly_alert`, `delete from invitation where given_name = 'X'`} { // no entry tells of them
		site.Behind(t, nobodys)
	}
}

// Citizens whose last mandate ended six years ago are erased by the job; who is younger, and whom a hold keeps, are not.
func TestRetention_ErasesWhoseTimeIsOver(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	gone, held := site.Sign(t, site.Jeanne, fixture.Citizen(1), fixture.Tax), site.Sign(t, site.Jeanne, fixture.Citizen(2), fixture.Tax)
	erasures := erasures(t, site, nil)
	register := retention.New(site.DB, site.Journal, erasures, site.Clock)
	run := func() retention.Policy {
		t.Helper()
		must(t, site.App.CatchUp(t.Context()))
		must(t, register.Do(t.Context(), register.Erase, retention.Mandates))
		p, err := register.Find(t.Context(), retention.Mandates)
		must(t, err)
		return p
	}
	there := func(id any) int { return site.Number(t, `select count(*) from citizen where id = $1`, id) }
	site.Clock.Advance(time.Until(time.Now().AddDate(6, 0, -1)))
	if p := run(); p.Last.Done != 0 || there(gone.Citizen) != 1 {
		t.Errorf("before its time: %+v", p)
	}
	_, err := erasures.MakeHold(t.Context(), fresh(site, site.Adele), erasure.Who{Organisation: site.Here, Citizen: held.Citizen}, "litigation", site.Clock.Now().AddDate(1, 0, 0))
	must(t, err)
	site.Clock.Advance(40 * 24 * time.Hour) // mandates of a month end meanwhile
	site.DatabaseLater(t)
	if p := run(); p.Last.Done != 1 || p.Last.Held != 1 || there(gone.Citizen) != 0 || there(held.Citizen) != 1 {
		t.Errorf("%+v; %d %d", p, there(gone.Citizen), there(held.Citizen))
	}
	if n := site.Number(t, `select count(*) from journal_entry where action = 'citizen.erased' and citizen_id = $1`, gone.Citizen); n != 1 {
		t.Errorf("%d entries", n)
	}
}
