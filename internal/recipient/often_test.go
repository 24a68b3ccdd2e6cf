package recipient_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/recipient"
	"mandat/internal/throttle"
)

// Whoever asks more often than they may is refused, which is an entry, and told when they may again; nobody else is. What finds nothing, or is not shown, counts too.
func TestAllowances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	w.catchUp()
	fanny, paula := w.Newcomer(t, journal.Fraud, uuid.Nil, "fanny"), w.Newcomer(t, journal.Prefecture, uuid.Nil, "paula")
	elsewhere, err := w.Directory.Organisation(t.Context(), w.Elsewhere)
	w.must(err)
	search := func(by journal.Actor) error {
		_, err := w.register.Search(t.Context(), by, w.lately())
		return err
	}
	department := func(by journal.Actor) error {
		_, err := w.register.Department(t.Context(), by)
		return err
	}
	organisation := func(by journal.Actor) error {
		_, err := w.register.Organisation(t.Context(), by, elsewhere.PublicID)
		return err
	}
	raise := func(by journal.Actor) error {
		by.FactorAt = w.Clock.Now()
		_, err := w.register.Raise(t.Context(), by, recipient.Many, []int64{0, 1}, "Trop de connexions en trop peu de temps.")
		return err
	}
	for what, c := range map[string]struct {
		page        string
		by, other   journal.Actor
		burst       int
		every       time.Duration
		ask, refuse func(journal.Actor) error
	}{
		"searches": {"search", w.felix, fanny, 60, time.Minute, search, search},
		"readings": {"organisation", w.prune, paula, 200, 30 * time.Second, department, organisation},
		"signals":  {"signal", w.felix, fanny, 30, 5 * time.Minute, raise, raise},
	} {
		used := throttle.Allowance{Of: "recipient." + what, Who: c.by.Person.String(), Burst: 1, Every: time.Duration(c.burst-1) * c.every} // all but one at once
		_, err := throttle.New(w.DB, w.Clock).Take(t.Context(), used)
		w.must(err)
		late := func(err error) bool { _, ok := errors.AsType[throttle.WaitError](err); return ok }
		if err := c.ask(c.by); late(err) {
			t.Errorf("%s: the last one is refused: %v", what, err)
		}
		now := w.Clock.Now()
		wait, ok := errors.AsType[throttle.WaitError](c.refuse(c.by))
		if !ok || wait.Until.Before(now) || wait.Until.After(now.Add(c.every+time.Second)) {
			t.Errorf("%s: one too many: %v until %v, at %v", what, ok, wait.Until, now)
		}
		var entries int
		w.behind(&entries, `select count(*) from journal_entry where action = 'recipient.refused' and person_id = $1 and body::jsonb -> 'detail' = jsonb_build_object('page', $2::text, 'reason', 'too_often')`, c.by.Person, c.page)
		if entries != 1 {
			t.Errorf("%s: %d entries", what, entries)
		}
		if err := c.ask(c.other); late(err) {
			t.Errorf("%s: somebody else waits: %v", what, err)
		}
		w.Clock.Advance(c.every)
		if err := c.ask(c.by); late(err) {
			t.Errorf("%s: refused again after %v: %v", what, c.every, err)
		}
	}
}
