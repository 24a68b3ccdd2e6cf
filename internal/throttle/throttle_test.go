package throttle_test

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/throttle"
)

// bucket is the algorithm as its definition has it, on a clock that only the test moves.
type bucket struct {
	tat   time.Duration
	burst int
	every time.Duration
}

func (b *bucket) take(now time.Duration) time.Duration {
	if wait := b.tat - b.every*time.Duration(b.burst-1) - now; wait > 0 {
		return wait
	}
	b.tat = max(b.tat, now) + b.every
	return 0
}

// Any sequence of takes, gifts and pauses is granted as the definition grants it; in no span of time is more granted than the
// burst and what came back; and who was quiet long enough has all of it.
func TestTake_IsTheDefinition(t *testing.T) {
	t.Parallel()
	d, c := dbtest.New(t), &clock.Clock{}
	limits := throttle.New(d.DB, c)
	tries := 0
	rapid.Check(t, func(rt *rapid.T) {
		tries++
		a := throttle.Allowance{Of: "test", Who: fmt.Sprint(tries), Burst: rapid.IntRange(1, 6).Draw(rt, "burst"),
			Every: time.Duration(rapid.IntRange(1, 5).Draw(rt, "every")) * time.Hour}
		model := bucket{burst: a.Burst, every: a.Every}
		var now time.Duration
		var granted []time.Duration
		one := func() bool {
			wait, err := limits.Take(t.Context(), a)
			if err != nil {
				rt.Fatal(err)
			}
			want := model.take(now)
			// What the test itself takes makes the real clock a little later, and the wait as much shorter or longer.
			if (wait == 0) != (want == 0) || (wait-want).Abs() > time.Minute {
				rt.Fatalf("after %v: wait %v, want %v", now, wait, want)
			}
			if want == 0 {
				granted = append(granted, now)
			}
			return want == 0
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			pause := time.Duration(rapid.IntRange(0, 12).Draw(rt, "pause")) * 30 * time.Minute
			c.Advance(pause)
			now += pause
			one()
		}
		for i := range granted {
			for j := i; j < len(granted); j++ {
				if n, most := j-i+1, a.Burst+int((granted[j]-granted[i])/a.Every); n > most {
					rt.Fatalf("%d granted within %v, at most %d should be", n, granted[j]-granted[i], most)
				}
			}
		}
		quiet := a.Every*time.Duration(a.Burst) + time.Minute
		c.Advance(quiet)
		now += quiet
		for n := range a.Burst {
			if !one() {
				rt.Fatalf("after a quiet time only %d of %d", n, a.Burst)
			}
		}
		if one() {
			rt.Fatal("more than the burst")
		}
	})
}

// Many at once, on any server, get no more than one after the other.
func TestTake_Race(t *testing.T) {
	t.Parallel()
	d, c := dbtest.New(t), &clock.Clock{}
	account := throttle.Allowance{Of: "account", Who: "somebody", Burst: 5, Every: time.Hour}
	var granted atomic.Int64
	var wg sync.WaitGroup
	for n := range 40 {
		limits := throttle.New(d.DB, c)
		network := throttle.Allowance{Of: "network", Who: fmt.Sprint(n % 3), Burst: 100, Every: time.Hour}
		pair := []throttle.Allowance{account, network}
		if n%2 == 0 {
			pair = []throttle.Allowance{network, account}
		}
		wg.Go(func() {
			wait, err := limits.Take(t.Context(), pair...)
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				granted.Add(1)
			}
		})
	}
	wg.Wait()
	if granted.Load() != 5 {
		t.Errorf("granted %d of 5", granted.Load())
	}
}

// Of several allowances all are taken or none: what one refuses is no loss for another.
func TestTake_AllOrNone(t *testing.T) {
	t.Parallel()
	d, c := dbtest.New(t), &clock.Clock{}
	limits := throttle.New(d.DB, c)
	short, long := throttle.Allowance{Of: "a", Who: "x", Burst: 1, Every: time.Minute}, throttle.Allowance{Of: "b", Who: "x", Burst: 2, Every: time.Hour}
	for n, step := range []struct{ advance, want time.Duration }{{0, 0}, {0, time.Minute}, {0, time.Minute}, {time.Minute, 0}, {0, 58 * time.Minute}, {2 * time.Minute, 56 * time.Minute}} {
		c.Advance(step.advance)
		wait, err := limits.Take(t.Context(), long, short)
		if err != nil || (wait-step.want).Abs() > 2*time.Minute || (wait == 0) != (step.want == 0) {
			t.Errorf("%d: %v, %v, want %v", n, wait, err, step.want)
		}
	}
	if wait, err := limits.Take(t.Context(), short); wait != 0 || err != nil {
		t.Errorf("taken although the other was refused: %v, %v", wait, err)
	}
	if err := limits.GiveBack(t.Context(), short, long); err != nil {
		t.Fatal(err)
	}
	if wait, err := limits.Take(t.Context(), short, long); wait != 0 || err != nil {
		t.Errorf("what was given back is not there: %v, %v", wait, err)
	}
}

// What is the same in one thing does not count for another, and neither text nor length can be shifted between the two.
func TestTake_KeepsThingsApart(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	limits := throttle.New(d.DB, &clock.Clock{})
	for _, a := range []throttle.Allowance{{Of: "ab", Who: "c"}, {Of: "a", Who: "bc"}, {Of: "", Who: "abc"}, {Of: "abc"}} {
		a.Burst, a.Every = 1, time.Hour
		if wait, err := limits.Take(t.Context(), a); wait != 0 || err != nil {
			t.Errorf("%+v: %v, %v", a, wait, err)
		}
	}
}

func TestPurge_TakesFullBucketsOnly(t *testing.T) {
	t.Parallel()
	d, c := dbtest.New(t), &clock.Clock{}
	limits := throttle.New(d.DB, c)
	for _, a := range []throttle.Allowance{{Of: "short", Burst: 2, Every: time.Minute}, {Of: "long", Burst: 1, Every: 24 * time.Hour}} {
		if wait, err := limits.Take(t.Context(), a); wait != 0 || err != nil {
			t.Fatal(wait, err)
		}
	}
	for _, want := range []int{0, 1, 0} {
		if gone, err := limits.Purge(t.Context()); gone != want || err != nil {
			t.Errorf("purged %d, %v, want %d", gone, err, want)
		}
		c.Advance(2 * time.Minute)
	}
	if wait, err := limits.Take(t.Context(), throttle.Allowance{Of: "long", Burst: 1, Every: 24 * time.Hour}); wait == 0 || err != nil {
		t.Errorf("what is not full was forgotten: %v, %v", wait, err)
	}
}

// However many there are, all of them go: whoever types addresses makes rows faster than one batch an hour takes away.
func TestPurge_GoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if _, err := d.Connect(t, d.Superuser).Exec(t.Context(), `insert into throttle select sha256(n::text::bytea), now() - interval '1 second' from generate_series(1, $1) n`, 2*db.PurgeBatch+3); err != nil {
		t.Fatal(err)
	}
	if gone, err := throttle.New(d.DB, &clock.Clock{}).Purge(t.Context()); gone != 2*db.PurgeBatch+3 || err != nil {
		t.Errorf("%d, %v", gone, err)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64"} {
		if got := throttle.Network(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
