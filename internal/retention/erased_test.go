package retention_test

import (
	"testing"

	"github.com/google/uuid"
)

// Words that may name somebody who was erased are due however young they are, unless a hold keeps them for somebody else.
func TestDryRun_WordsAboutSomebodyErased(t *testing.T) {
	t.Parallel()
	k := open(t)
	now := k.Clock.Now()
	held := uuid.New()
	k.Behind(t, `with e as (insert into journal_entry (at, action, organisation_id, citizen_id, salt, body) values ($1, 'power.used', $2, $3, sha256('x'), '{}') returning id) insert into journal_leaf (index, entry_id, commitment)
		select 7, id, sha256('x') from e`, now, k.Here, held)
	inquiries := 0
	inquiry := func() uuid.UUID { // one that was just closed
		inquiries++
		id := uuid.New()
		k.Behind(t, `insert into inquiry (id, year, number, data_key, state, opened_by, opened_at, closed_by, closed_at) values ($1, 2001, $2, '\x00', 'closed', $3, $4, $3, $4)`, id, inquiries, k.ada.Person, now)
		return id
	}
	for _, erased := range []any{nil, now} {
		k.Behind(t, `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, kind, closed_by, closed_at, data_key, words, erased_at, case_id, taken_by, taken_at)
			select gen_random_uuid(), r.key, r.version, $2, $3, '2001-01-01'::date + (select count(*)::int from anomaly_alert), '{7}', '{}', $1, $1, $1, 'closed', 'mistaken', $3, $1, '\x00', '\x00', $4::timestamptz, $5, $3, $1 from anomaly_rule r limit 1`,
			now, k.Here, k.ada.Person, erased, inquiry())
		k.Behind(t, `insert into recipient_signal (id, kind, entries, data_key, words, words_sha256, state, raised_by, raised_at, erased_at, case_id, taken_by, taken_at)
			values (gen_random_uuid(), 'other', '{7}', '\x00', '\x00', sha256(''), 'in_case', $2, $1, $3, $4, $2, $1)`, now, k.ada.Person, erased, inquiry())
	}
	looks := func(when string, due, kept int64) {
		t.Helper()
		for key, times := range map[string]int64{"anomaly_words": 1, "signal_words": 1, "inquiry_words": 2} {
			if l := k.look(key); l.Due != times*due || l.Held != times*kept {
				t.Errorf("%s: %s: %d due and %d held, want %d and %d", when, key, l.Due, l.Held, times*due, times*kept)
			}
		}
	}
	looks("one of two was erased", 1, 0)
	k.Behind(t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) values (gen_random_uuid(), $1, $2, 'litigation', $3, $4, $3::timestamptz + interval '1 hour')`, k.Here, held, now, k.ada.Person)
	looks("while the other is held", 0, 1)
}
