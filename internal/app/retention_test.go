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
	"mandat/internal/mandate"
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
	for _, nobodys := range []string{`delete from consent`, `delete from phone`, `delete from unsealing`, `delete from invitation where given_name = 'X'`} { // no entry tells of them
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
	if p := run(); p.Last.Done != 1 || p.Last.Held != 1 || there(gone.Citizen) != 0 || there(held.Citizen) != 1 {
		t.Errorf("%+v; %d %d", p, there(gone.Citizen), there(held.Citizen))
	}
	if n := site.Number(t, `select count(*) from journal_entry where action = 'citizen.erased' and citizen_id = $1`, gone.Citizen); n != 1 {
		t.Errorf("%d entries", n)
	}
}

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
}

// What is about a citizen whose records are held stays, whatever job comes round; the same about somebody else goes.
func TestRetention_HeldStays(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) {
		o.Before = func(site *apptest.Site) {
			held, free := site.Sign(t, site.Jeanne, fixture.Citizen(1), fixture.Tax), site.Sign(t, site.Jeanne, fixture.Citizen(2), fixture.Tax)
			_, err := erasure.New(site.DB, site.Journal, nil, site.Clock, nil).MakeHold(t.Context(), fresh(site, site.Adele), erasure.Who{Organisation: site.Here, Citizen: held.Citizen}, "litigation", site.Clock.Now().AddDate(1, 0, 0))
			must(t, err)
			for _, sql := range holding {
				for _, m := range []mandate.Mandate{held, free} {
					site.Behind(t, sql, m.Citizen, site.Here, site.Clock.Now().AddDate(-2, 0, 0))
				}
			}
		}
	})
	for _, key := range slices.Sorted(maps.Keys(holding)) {
		var done, kept int
		eventually(t, fmt.Sprintf("the job of %s has run", key), func() bool {
			site.Row(t, `select coalesce(max(total), -1), coalesce(max(held), -1) from retention_run where policy = $1`, []any{key}, &done, &kept)
			return done >= 0
		})
		if done != 1 || kept != 1 {
			t.Errorf("%s: %d went and %d are held, want one of each", key, done, kept)
		}
	}
	for _, nobodys := range []string{`delete from consent`, `delete from phone`, `delete from mandate_draft where state = 'identified'`, `delete from idp_login`} { // no entry tells of them
		site.Behind(t, nobodys)
	}
}
