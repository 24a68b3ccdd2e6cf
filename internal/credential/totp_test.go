package credential

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The vectors of RFC 4226 appendix D, and of RFC 6238 appendix B (its eight digits end in our six).
func TestCode_OfTheRFCs(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890")
	for step, want := range map[int64]string{0: "755224", 1: "287082", 2: "359152", 3: "969429", 4: "338314", 5: "254676", 6: "287922", 7: "162583", 8: "399871", 9: "520489",
		1111111109 / 30: "081804", 1111111111 / 30: "050471", 1234567890 / 30: "005924", 2000000000 / 30: "279037", 20000000000 / 30: "353130"} {
		if got := code(seed, step); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
	if got := code(seed, -1); got != noCode || tidy(got) == got {
		t.Errorf("before 1970 there is the code %q, which can be typed", got)
	}
}

// A code counts exactly when its step lies in the window around the drift, no further than twenty steps from now, and behind the
// last one that counted; and the step that is found is the code's own.
func TestMatch_IsItsDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := generator{kind: rapid.SampledFrom([]string{KindApp, KindCard}).Draw(t, "kind"), seed: rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "seed"), period: appPeriod}
		if g.kind == KindCard {
			g.period, g.drift = cardPeriod, rapid.IntRange(-maxDrift, maxDrift).Draw(t, "drift")
		}
		now := time.Unix(rapid.Int64Range(1_600_000_000, 2_600_000_000).Draw(t, "now"), 0)
		off := rapid.IntRange(-maxDrift-5, maxDrift+5).Draw(t, "off")
		at := g.step(now) + int64(off)
		g.lastStep = at + rapid.Int64Range(-3, 3).Draw(t, "last")
		want := off >= g.drift-g.window() && off <= g.drift+g.window() && off >= -maxDrift && off <= maxDrift && at > g.lastStep
		step, ok := g.match(code(g.seed, at), now, g.drift, g.window())
		if ok && code(g.seed, step) != code(g.seed, at) {
			t.Fatalf("found step %d for the code of %d", step, at)
		}
		if ok != want && step == at { // two steps of a window have the same code once in some hundred thousand
			t.Fatalf("%s %+d steps off, drift %d, last %+d: %v", g.kind, off, g.drift, g.lastStep-at, ok)
		}
		if want && !ok {
			t.Fatalf("%s %+d steps off, drift %d is refused", g.kind, off, g.drift)
		}
	})
}

// A card may be twenty minutes off at most, whatever was learnt of it: never thirty.
func TestMatch_NeverHalfAnHour(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_030, 0)
	for drift := -maxDrift; drift <= maxDrift; drift++ {
		g := generator{kind: KindCard, seed: []byte("12345678901234567890"), period: cardPeriod, drift: drift}
		codes := 0
		for off := -60; off <= 60; off++ {
			typed := code(g.seed, g.step(now)+int64(off))
			_, ok := g.match(typed, now, g.drift, g.window())
			if ok {
				codes++
			}
			used := g
			used.lastStep = g.step(now) + int64(off)
			if _, again := used.matchTwo(typed, code(g.seed, g.step(now)+int64(off)+1), now); again {
				t.Errorf("two codes %d minutes off count although the first was used", off)
			}
			_, two := g.matchTwo(typed, code(g.seed, g.step(now)+int64(off)+1), now)
			if (ok || two) && (off < -maxDrift || off > maxDrift) {
				t.Errorf("drift %d: a code %d minutes off counts", drift, off)
			}
			if two != (off >= -maxDrift && off < maxDrift) {
				t.Errorf("two codes %d minutes off: %v", off, two)
			}
		}
		if codes > 2*cardWindow+1 {
			t.Errorf("drift %d: %d codes count at once", drift, codes)
		}
	}
	g := generator{kind: KindCard, seed: []byte("12345678901234567890"), period: cardPeriod}
	s := g.step(now)
	for what, pair := range map[string][2]int64{"in the wrong order": {s + 1, s}, "one between": {s, s + 2}, "twice the same": {s, s}} {
		if _, ok := g.matchTwo(code(g.seed, pair[0]), code(g.seed, pair[1]), now); ok {
			t.Errorf("two codes %s count", what)
		}
	}
}
