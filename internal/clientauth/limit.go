package clientauth

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"mandat/internal/client"
	"mandat/internal/oidc"
	"mandat/internal/throttle"
)

// Figures are how often this server refused clients since it started.
type Figures struct {
	Failures int64 // proofs that were wrong
	Slowed   int64 // requests, of these and others, that came too fast
}

// Figures tells them, for metrics.
func (g *Gate) Figures() Figures { return Figures{g.failures.Load(), g.slowed.Load()} }

// Refused counts a proof that was wrong, against the id that was presented ("" for none) and against the address, and returns the answer: this
// refusal, or oidc.SlowDown when there were too many.
func (g *Gate) Refused(r *http.Request, id string, refusal *oidc.Error) *oidc.Error {
	g.failures.Add(1)
	now := g.clock.Now()
	wait := g.failedAddress.takeFrom(r, now)
	if id != "" && len(id) <= client.MaxID { // any other is nobody's, and what everybody shares slows down nobody
		wait = max(wait, g.failedID.take(id, now))
	}
	return g.slow(refusal, wait)
}

// Spend takes one request from what a client may do; it returns nil, or oidc.SlowDown. FranceConnect is not slowed down: it carries the logins
// of everybody. Authenticate has done it; whoever finds a client by an access token does it then.
func (g *Gate) Spend(c *client.Client) *oidc.Error {
	if !c.Direct() {
		return nil
	}
	return g.slow(nil, g.perClient.take(c.ID, g.clock.Now()))
}

// Stranger takes one request from what an address may ask of the pages to which clients send browsers; it returns nil, or oidc.SlowDown.
func (g *Gate) Stranger(r *http.Request) *oidc.Error {
	return g.slow(nil, g.perAddress.takeFrom(r, g.clock.Now()))
}

// slow returns otherwise, unless one has to wait.
func (g *Gate) slow(otherwise *oidc.Error, wait time.Duration) *oidc.Error {
	if wait == 0 {
		return otherwise
	}
	g.slowed.Add(1)
	refusal := oidc.Refuse(oidc.SlowDown, "too many requests")
	refusal.RetryAfter = wait
	return refusal
}

// limiter is a bucket for each key that refills evenly (see package throttle), in the memory of this server: asking the database costs more than
// what is limited here. Of very many keys those that were quiet longest are forgotten.
type limiter struct {
	every time.Duration
	burst int

	mu          sync.Mutex
	now, before map[string]time.Time // when the bucket of a key will be full again
}

const maxBuckets = 10_000 // in each of both maps

func newLimiter(every time.Duration, burst int) *limiter {
	return &limiter{every: every, burst: burst, now: map[string]time.Time{}}
}

// take takes one of a key's, and returns zero; or takes nothing, and returns how long to wait.
func (l *limiter) take(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	whole := l.every * time.Duration(l.burst)
	if len(l.now) >= maxBuckets {
		l.now, l.before = map[string]time.Time{}, l.now
	}
	full, ok := l.now[key]
	if !ok {
		full = l.before[key]
	}
	if full.Before(now) {
		full = now
	}
	if wait := full.Add(l.every).Sub(now) - whole; wait > 0 {
		return wait
	}
	l.now[key] = full.Add(l.every)
	return 0
}

// takeFrom is take of where a request comes from. Nobody but a proxy of ours calls from this machine itself: it would be everybody.
func (l *limiter) takeFrom(r *http.Request, now time.Time) time.Duration {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || from.Addr().Unmap().IsLoopback() {
		return 0
	}
	return l.take(throttle.Network(from.Addr()), now)
}
