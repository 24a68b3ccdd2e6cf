package bench

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
	"mandat/internal/fixture"
)

// A NOTIFY in an act would take one lock for the whole commit, and acts would no longer share a flush: half the rate at
// 16 writers. What was notified and not yet read is told in whole pages of the queue, so the page is filled up before: eight
// notifications of a hundred acts would show.
func TestActs_NotifyNobody(t *testing.T) {
	t.Parallel()
	w := fixture.On(t, dbtest.New(t))
	listener, other := w.Connect(t, w.Superuser), w.Connect(t, w.Superuser)
	for _, sql := range []string{`listen bench`, `begin`, `select 1`} { // a listener in a transaction reads nothing, so nothing is cleared away
		if _, err := listener.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	notify(t, other, strings.Repeat("x", 7990))
	before := notified(t, other)
	for n := range 34 { // three acts each
		w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
	}
	if after := notified(t, other); after != before {
		t.Errorf("the queue of notifications grew from %g to %g", before, after)
	}
	for range 8 {
		notify(t, other, "")
	}
	if after := notified(t, other); after == before {
		t.Error("the measure does not see eight notifications")
	}
}

func notify(t *testing.T, conn *pgx.Conn, text string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), `select pg_notify('bench', $1)`, text); err != nil {
		t.Fatal(err)
	}
}

// notified is the share of the queue that is in use.
func notified(t *testing.T, conn *pgx.Conn) (share float64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `select pg_notification_queue_usage()`).Scan(&share); err != nil {
		t.Fatal(err)
	}
	return share
}
