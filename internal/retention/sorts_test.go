package retention_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
)

// sorts says how to put one thing of a sort there, of the age $1, which is due once it is old; and what is done to all of them so that none is due however old.
var sorts = map[string]struct {
	put    string
	spared []string
}{
	"drafts": {`insert into mandate_draft (id, organisation_id, person_id, state, procedures, levels, case_refs, days, no_protection_at, informed_at, created_at, expires_at)
		select gen_random_uuid(), o.id, p.id, 'open', '{x}', '{act}', '{""}', 31, $1, $1, $1::timestamptz, $1::timestamptz + interval '24 hours' from organisation o, person p limit 1`, nil},
	"consents": {`insert into consent (id, organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, lang, state, asked_at, asked_by, expires_at, ended_at)
		select gen_random_uuid(), o.id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, sha256(''), 'fr', 'expired', $1::timestamptz, p.id, $1::timestamptz + interval '1 hour', $1::timestamptz + interval '1 hour' from organisation o, person p limit 1`,
		[]string{`update consent set state = 'yes', answered_at = asked_at, answer = '\x01', ended_at = null`}},
	"telephones": {`insert into phone (id, organisation_id, citizen_id, state, number, number_index, asked_at, asked_by)
		select gen_random_uuid(), o.id, gen_random_uuid(), 'asked', '\x01', sha256(convert_to($1::timestamptz::text, 'UTF8')), $1::timestamptz, p.id from organisation o, person p limit 1`,
		[]string{`update phone set state = 'removed', number = null, number_index = null, removed_at = asked_at, removed_by = asked_by`}},
	"unsealing_words": {`insert into unsealing (id, person_id, reason, data_key, words, state, asked_by, asked_at, expires_at, decided_by, decided_at)
		select gen_random_uuid(), p.id, 'complaint', '\x00', '\x00', 'refused', p.id, $1::timestamptz, $1::timestamptz + interval '1 day', q.id, $1::timestamptz from person p join person q on q.id <> p.id limit 1`,
		[]string{`update unsealing set words = null, data_key = null`}},
	"inquiry_words": {`insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at)
		select gen_random_uuid(), 2001, 1 + (select count(*) from inquiry), '\x00', 'closed', p.id, $1::timestamptz, p.id, $1::timestamptz from person p limit 1`,
		[]string{`update inquiry set data_key = null`, `update inquiry set data_key = '\x00', state = 'decided', closed_by = null, closed_at = null, erased_at = opened_at`}},
	"anomaly_words": {`insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words)
		select gen_random_uuid(), r.key, r.version, gen_random_uuid(), p.id, '2001-01-01', '{1000000}', '{}', $1::timestamptz, $1::timestamptz, $1::timestamptz, 'closed', 'mistaken', p.id, $1::timestamptz, '\x00', '\x00' from anomaly_rule r, person p limit 1`,
		[]string{`update anomaly_alert set words = null, data_key = null`}},
	"signal_words": {`insert into recipient_signal (id, kind, entries, data_key, words, words_sha256, state, raised_by, raised_at, outcome, closed_by, closed_at)
		select gen_random_uuid(), 'other', '{1000000}', '\x00', '\x00', sha256(''), 'closed', p.id, $1::timestamptz, 'acted', p.id, $1::timestamptz from person p limit 1`,
		[]string{`update recipient_signal set words = null, data_key = null`}},
	"unfinished_factors": {`insert into credential_totp (id, person_id, kind, name, data_key, seed, period, created_at) select gen_random_uuid(), p.id, 'app', 'x', '\x00', '\x00', 30, $1::timestamptz from person p where not exists (select from credential_totp c where c.person_id = p.id) limit 1`,
		[]string{`update credential_totp set confirmed_at = created_at`}},
	"messages": {`insert into notify_message (id, kind, about, person_id, state, created_at, ended_at) select gen_random_uuid(), 'renamed', $1::timestamptz::text, p.id, 'sent', $1::timestamptz, $1::timestamptz from person p limit 1`, nil},
}

// Of each sort what is old is counted, and nothing that is younger, or in a state in which it stays.
func TestDryRun_CountsWhatIsDue(t *testing.T) {
	t.Parallel()
	k := open(t)
	k.Sign(t, k.Jeanne, fixture.Angela(), fixture.Tax)
	now := k.Clock.Now()
	old := now.AddDate(-10, 0, 0)
	k.Behind(t, `update mandate_draft set created_at = $1::timestamptz, informed_at = $1, expires_at = $1::timestamptz + interval '24 hours'`, old) // it is signed
	due := func(what, key string, want int64) {
		t.Helper()
		if l := k.look(key); l.Due != want || l.Held != 0 {
			t.Errorf("%s: %d due, %d held, want %d", what, l.Due, l.Held, want)
		}
	}
	for key, sort := range sorts {
		due("none of "+key, key, 0)
		k.Behind(t, sort.put, now)
		due("young "+key, key, 0)
		k.Behind(t, sort.put, old)
		due("old "+key, key, 1)
		for _, sql := range sort.spared {
			k.Behind(t, sql)
			due(sql, key, 0)
		}
	}
	k.Behind(t, `update inquiry set state = 'closed', closed_by = opened_by, closed_at = $1, erased_at = null`, now)
	due("closed just now", "inquiry_words", 0)
	k.Behind(t, `update inquiry set erased_at = closed_at`)
	due("of somebody erased", "inquiry_words", 2)
}

// A hold keeps the messages to its own citizen, and nobody else's.
func TestDryRun_HoldsMessagesOfOne(t *testing.T) {
	t.Parallel()
	k := open(t)
	m, free := k.Sign(t, k.Jeanne, fixture.Angela(), fixture.Tax), k.Sign(t, k.Jeanne, fixture.Citizen(3), fixture.Tax)
	if _, err := k.erasures.MakeHold(t.Context(), k.ada, erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}, "litigation", k.Clock.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, of := range []uuid.UUID{m.Citizen, free.Citizen} {
		k.Behind(t, `insert into notify_message (id, kind, about, citizen_id, mandate_id, state, created_at, ended_at) select gen_random_uuid(), 'mandate_signed', m.id::text, m.citizen_id, m.id, 'sent', $2, $2 from mandate m where m.citizen_id = $1`, of, k.Clock.Now().AddDate(-10, 0, 0))
	}
	if l := k.look("messages"); l.Due != 1 || l.Held != 1 {
		t.Errorf("%d due, %d held", l.Due, l.Held)
	}
}
