package testimony_test

import (
	"testing"
	"time"

	"mandat/internal/clock"
	"mandat/internal/journal"
	"mandat/internal/journal/testimony"
)

// While nothing is done, others see at least each hour that the log lives: an entry says so, and it is cosigned and stamped as any.
func TestRest_TheLogLivesWhileNothingIsDone(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	a := newAuthority(t)
	s := h.stamper(t, a.Handler(), a.Roots())
	shifted := &clock.Clock{}
	h.journal = journal.New(h.DB, shifted)
	must(t, testimony.Rest(t.Context(), h.journal))
	if n := h.number(t, `select count(*) from journal_entry`); n != 0 {
		t.Errorf("a log without an entry rests %d times", n)
	}
	h.acts(t, 3)
	h.collect(t)
	must(t, s.Stamp(t.Context()))
	for range 18 { // three hours
		shifted.Advance(10 * time.Minute)
		must(t, testimony.Rest(t.Context(), h.journal))
	}
	if n := h.number(t, `select count(*) from journal_entry where action = 'journal.rested'`); n != 3 {
		t.Errorf("it rests %d times in three hours", n)
	}
	if n := h.number(t, `select count(*) from journal_entry where action = 'journal.rested' and body::jsonb->'detail'->>'minutes' = '50'`); n != 3 {
		t.Error("an entry does not say for how long")
	}
	h.acts(t, 0)
	h.collect(t)
	must(t, s.Stamp(t.Context()))
	if h.published(t) != 6 || h.number(t, `select max(size) from journal_timestamp`) != 6 {
		t.Error("what says that nothing was done is not cosigned and stamped")
	}
}

// What lay for long while entries wait to follow it is neither cosigned nor stamped: it would say of them that they are dated too early.
func TestCollect_NothingThatLayWhileEntriesWait(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	a := newAuthority(t)
	s := h.stamper(t, a.Handler(), a.Roots())
	older := func() {
		h.behind(t, `set local session_replication_role = replica; update journal_checkpoint set at = at - interval '11 minutes'`)
	}
	h.acts(t, 3)
	older()
	by := journal.Actor{Kind: journal.System}
	waiting := func() {
		must(t, h.journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) { return journal.Event{Action: "session.closed"}, nil }))
	}
	waiting()
	h.collect(t)
	if w.asked.Load() != 0 {
		t.Error("a checkpoint that is passed was sent to a witness")
	}
	h.acts(t, 0)
	h.collect(t)
	if h.published(t) != 4 {
		t.Errorf("published: %d", h.published(t))
	}
	older()
	waiting()
	must(t, s.Stamp(t.Context()))
	if n := h.number(t, `select count(*) from journal_timestamp`); n != 0 {
		t.Error("a checkpoint that is passed was stamped")
	}
	h.acts(t, 0)
	h.collect(t)
	older() // and nothing waits
	must(t, s.Stamp(t.Context()))
	if n := h.number(t, `select max(size) from journal_timestamp`); n != 5 {
		t.Errorf("stamped: %d", n)
	}
}
