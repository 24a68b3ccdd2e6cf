package throttle_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/clock"
	"mandat/internal/dbtest"
	"mandat/internal/throttle"
)

// What fails costs nothing, what is done does, and what is refused is not done; then it says until when.
func TestSpend(t *testing.T) {
	t.Parallel()
	c := &clock.Clock{}
	limits := throttle.New(dbtest.New(t).DB, c)
	a := throttle.Allowance{Of: "test", Who: "spend", Burst: 2, Every: time.Hour}
	fails, done := errors.New("fails"), 0
	for range 5 {
		if err := limits.Spend(t.Context(), func() error { return fails }, a); !errors.Is(err, fails) {
			t.Fatal(err)
		}
	}
	do := func() error { done++; return nil }
	for range 2 {
		if err := limits.Spend(t.Context(), do, a); err != nil {
			t.Fatal(err)
		}
	}
	late, ok := errors.AsType[throttle.WaitError](limits.Spend(t.Context(), do, a))
	if wait := late.Until.Sub(c.Now()); !ok || wait < 59*time.Minute || wait > time.Hour || done != 2 {
		t.Errorf("%t, in %v, done %d times", ok, wait, done)
	}
}
