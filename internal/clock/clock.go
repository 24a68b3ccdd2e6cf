// Package clock tells the time. A program has one Clock and hands it to whatever needs to know the time; tests move
// theirs forward instead of waiting.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock is the machine's clock, moved by a shift that is zero outside tests. The zero Clock and the nil *Clock are the
// machine's clock.
type Clock struct{ shift atomic.Int64 }

// Now returns the time in UTC, to the microsecond, which is what PostgreSQL keeps.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Shift()).UTC().Truncate(time.Microsecond) }

// Shift is what this clock adds to the machine's clock. Acts add it to the database's clock.
func (c *Clock) Shift() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.shift.Load())
}

// Advance moves the clock by d for everyone who shares it.
func (c *Clock) Advance(d time.Duration) { c.shift.Add(int64(d)) }
