package anomaly_test

import (
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
