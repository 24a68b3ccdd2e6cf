package anomaly_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/journal"
)

// The words with which an alert was closed go with a citizen whom its entries are about, and with no other.
func TestForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(time.Wednesday, 20, 30)
	m := w.sign(w.Jeanne)
	w.consult(w.Jeanne, m, 1)
	w.watch()
	a := w.alerts()[0]
	w.must(w.register.Close(t.Context(), w.sofia, a.ID, anomaly.Justified, words))
	forget := func(citizen uuid.UUID) string {
		t.Helper()
		w.must(w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			anomaly.Forget(tx, citizen)
			return journal.Event{Action: "journal.compared"}, nil
		}))
		closed, err := w.register.Find(t.Context(), w.sofia, a.ID)
		w.must(err)
		return closed.Words
	}
	if got := forget(uuid.New()); got != words {
		t.Errorf("another citizen's: %q", got)
	}
	if got := forget(m.Citizen); got != "" {
		t.Errorf("theirs: %q", got)
	}
	w.sound()
}

// An alert that is being closed while a citizen is erased whom its entries are about keeps no words: the erasure waits.
func TestForget_WaitsForWhatIsBeingClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(time.Wednesday, 20, 30)
	m := w.sign(w.Jeanne)
	w.consult(w.Jeanne, m, 1)
	w.watch()
	a := w.alerts()[0]
	tx, err := w.Connect(t, w.Superuser).Begin(t.Context())
	w.must(err)
	_, err = tx.Exec(t.Context(), `set local session_replication_role = replica`)
	w.must(err)
	_, err = tx.Exec(t.Context(), `update anomaly_alert set state = 'closed', kind = 'justified', closed_by = $2, closed_at = found_at, data_key = 'x', words = 'x' where id = $1`, a.ID, w.sofia.Person)
	w.must(err)
	forgot := make(chan error, 1)
	go func() {
		forgot <- w.Journal.Record(context.WithoutCancel(t.Context()), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			anomaly.Forget(tx, m.Citizen)
			return journal.Event{Action: "journal.compared"}, nil
		})
	}()
	watch := w.Connect(t, w.Superuser)
	for waits := false; !waits; {
		select {
		case err := <-forgot:
			t.Fatalf("waited for nothing: %v", err)
		case <-time.After(10 * time.Millisecond):
			w.must(watch.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits))
		}
	}
	w.must(tx.Commit(t.Context()))
	w.must(<-forgot)
	var left int
	w.must(watch.QueryRow(t.Context(), `select count(*) from anomaly_alert where words is not null or data_key is not null`).Scan(&left))
	if left != 0 {
		t.Error("words are left")
	}
}

// Words about two citizens stay when one of them is erased while the other one is held, or everybody in the organisation is that the alert is about; and go when the hold ends. What is written of
// somebody who was erased before goes too.
func TestForget_WhatIsHeldForSomebodyElse(t *testing.T) {
	t.Parallel()
	for what, everybody := range map[string]bool{"one citizen": false, "everybody": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			erased, held := w.sign(w.Jeanne), w.sign(w.Jeanne)
			w.at(time.Wednesday, 20, 30)
			w.consult(w.Jeanne, erased, 1)
			w.consult(w.Jeanne, held, 2)
			w.watch()
			a := w.alerts()[0]
			says := func(when, want string) {
				t.Helper()
				if found, err := w.register.Find(t.Context(), w.sofia, a.ID); err != nil || found.Words != want {
					t.Errorf("%s: %q, %v", when, found.Words, err)
				}
			}
			if !everybody { // who is closing it when they are erased comes to the same
				w.must(w.register.Close(t.Context(), w.sofia, a.ID, anomaly.Justified, words))
			}
			w.Behind(t, `insert into erasure_hold (id, organisation_id, citizen_id, reason, held_at, held_by, until) select gen_random_uuid(), $1, case when $5 then null else $2::uuid end, 'litigation', $4, $3, $4::timestamptz + interval '1 year'`,
				w.Here, held.Citizen, w.sofia.Person, w.Clock.Now(), everybody)
			w.must(w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
				anomaly.Forget(tx, erased.Citizen)
				return journal.Event{Action: "journal.compared"}, nil
			}))
			if everybody { // and nothing is left of its entries
				w.Behind(t, `delete from journal_entry where citizen_id in ($1, $2)`, erased.Citizen, held.Citizen)
				w.must(w.register.Close(t.Context(), w.sofia, a.ID, anomaly.Justified, words))
			}
			says("after the erasure", words)
			w.must(w.register.Purge(t.Context()))
			says("while the hold stands", words)
			w.Behind(t, `update erasure_hold set released_at = until, released_by = held_by, release_reason = 'over'`)
			w.must(w.register.Purge(t.Context()))
			says("once it is released", "")
			w.sound()
		})
	}
}
