package certification_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/certification"
	"mandat/internal/db"
	"mandat/internal/org"
)

// Who can no longer act because their certificate was taken away is told, in the same act and once.
func TestSuspend_IsToldToItsHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leo := w.newcomer(t, "leo")
	var told []org.Message
	boom := errors.New("boom")
	r := w.register.Telling(func(_ *db.Tx, _ time.Time, m org.Message) error {
		told = append(told, m)
		if len(told) == 1 {
			return boom
		}
		return nil
	})
	if err := r.Grant(t.Context(), w.anne, leo.Person, w.course(20), w.test(10, 900)); err != nil || len(told) != 0 {
		t.Fatalf("%v, told %v", err, told)
	}
	if err := r.Suspend(t.Context(), w.anne, leo.Person); !errors.Is(err, boom) || w.of(t, leo.Person).Stored != certification.Certified {
		t.Errorf("suspended untold: %v", err)
	}
	if err := r.Suspend(t.Context(), w.anne, leo.Person); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || told[1].Kind != "certification_suspended" || told[1].Person != leo.Person || told[0].About != told[1].About && told[0].Kind != told[1].Kind {
		t.Errorf("told %v", told)
	}
}
