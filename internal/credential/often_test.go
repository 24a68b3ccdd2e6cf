package credential_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// Nobody fills a colleague's mailbox by asking for resets and refusing them: of one person five at once, and one more after eight hours. What was not asked is
// not counted, what another one asks neither.
func TestReset_AskedTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	victim, other := w.newcomer(t, "amel"), w.newcomer(t, "basile")
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	rene.FactorAt = w.Clock.Now().Add(-tooOld)
	ask := func(by, whose journal.Actor) error {
		id, err := w.factors.AskReset(ctx, w.fresh(by), whose.Person)
		if err != nil {
			return err
		}
		return w.factors.RefuseReset(ctx, w.fresh(by), id)
	}
	for range 6 {
		if _, err := w.factors.AskReset(ctx, w.fresh(rene), w.Ines.Person); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("of somebody elsewhere: %v", err)
		}
		if _, err := w.factors.AskReset(ctx, rene, victim.Person); !errors.Is(err, org.ErrFactorTooOld) {
			t.Errorf("without a fresh factor: %v", err)
		}
	}
	for i := range 5 {
		if err := ask(rene, victim); err != nil {
			t.Fatalf("time %d: %v", i, err)
		}
	}
	asked := w.told["factor_reset_asked"]
	if err := ask(rene, victim); !often(err) || w.told["factor_reset_asked"] != asked {
		t.Errorf("%v, told %v", err, w.told)
	}
	if err := ask(renee, victim); err != nil {
		t.Errorf("by another referent: %v", err)
	}
	if err := ask(rene, other); err != nil {
		t.Errorf("of another person: %v", err)
	}
	w.Clock.Advance(8*time.Hour + time.Minute)
	if err := ask(rene, victim); err != nil {
		t.Errorf("eight hours later: %v", err)
	}
	w.sound(t)
}

func often(err error) bool {
	o, ok := errors.AsType[throttle.WaitError](err)
	return ok && !o.Until.IsZero()
}
