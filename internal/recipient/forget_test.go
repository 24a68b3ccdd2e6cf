package recipient_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/recipient"
)

// forget has the words go that may name a citizen, and their entries, as an erasure does.
func (w *world) forget(citizen uuid.UUID) {
	w.t.Helper()
	w.must(w.Journal.Record(w.t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		recipient.Forget(tx, citizen)
		return journal.Event{Action: "job.retried"}, nil
	}))
	w.Behind(w.t, `delete from journal_entry where citizen_id = $1`, citizen)
}

// Words in which two are named stay when one of them is erased while the other one is held, or everybody where they are helped; and go when the hold ends, whether the signal is closed or not.
func TestForget_WhatIsHeldForSomebodyElse(t *testing.T) {
	t.Parallel()
	for what, everybody := range map[string]bool{"one citizen": false, "everybody": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			erased, held := uuid.New(), uuid.New()
			w.login(w.Jeanne, erased, uuid.New(), franceConnect)
			w.login(w.Ines, held, uuid.New(), franceConnect)
			w.catchUp()
			index := func(citizen uuid.UUID) (n int64) {
				w.behind(&n, `select l.index from journal_entry e join journal_leaf l on l.entry_id = e.id where e.citizen_id = $1`, citizen)
				return n
			}
			both, one, other := w.raise(index(erased), index(held)), w.raise(index(erased)), w.raise(index(held))
			closed := w.raise(index(held), index(erased))
			w.must(w.register.Close(t.Context(), w.sofia, closed, recipient.Acted))
			keeps := func(when string, want ...uuid.UUID) {
				t.Helper()
				var left []uuid.UUID
				w.behind(&left, `select coalesce(array_agg(id order by id), '{}') from recipient_signal where words is not null and data_key is not null`)
				if len(left) != len(want) {
					t.Errorf("%s: %d have their words, want %d", when, len(left), len(want))
				}
				for _, id := range want {
					if s, err := w.register.Signal(t.Context(), w.sofia, id); err != nil || s.Words != words {
						t.Errorf("%s: %+v, %v", when, s, err)
					}
				}
			}
			w.Behind(t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) select gen_random_uuid(), $1, case when $4 then null else $2::uuid end, 'litigation', now(), $3, now() + interval '1 year'`,
				w.Elsewhere, held, w.adele.Person, everybody)
			keeps("before", both, one, other, closed)
			w.forget(erased)
			keeps("after the erasure", both, other, closed)
			w.Clock.Advance(time.Hour)
			w.must(w.register.Purge(t.Context()))
			keeps("while the hold stands", both, other, closed)
			w.Behind(t, `update erasure_hold set released_at = now(), released_by = held_by, release_reason = 'over'`)
			w.must(w.register.Purge(t.Context()))
			keeps("once it is released", other)
			found, err := recipient.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil || len(found) > 0 {
				t.Error(found, err)
			}
		})
	}
}
