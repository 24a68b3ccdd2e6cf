package session

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one address may do of each kind (start a sign-in, be given an empty session, be noted) without being signed in: the
// kinds are counted apart, so that one cannot use up another. A whole organisation may sit behind one address, so the allowance
// is wide and comes back by the second: it slows a flood, and never locks anybody out.
const (
	perSecond = 5
	burst     = 300
	addresses = 10_000 // remembered at most; the one that asked longest ago is forgotten
)

// limiter counts per address, in this server's memory: a row for each would be written for what is to be kept from writing rows. Starts of
// sign-ins, which make rows anyway, are counted in rows too (Sessions.Allow).
type limiter struct {
	mu    sync.Mutex
	order *list.List
	seen  map[netip.Prefix]*list.Element
}

type allowance struct {
	from netip.Prefix
	rate *rate.Limiter
}

func newLimiter() *limiter {
	return &limiter{order: list.New(), seen: map[netip.Prefix]*list.Element{}}
}

// allow takes one start of the allowance of an address: an IPv4 address, or an IPv6 /64, which is what one home gets.
func (l *limiter) allow(from netip.Addr, now time.Time) bool {
	bits := 64
	if from.Is4() {
		bits = 32
	}
	prefix, err := from.Prefix(bits)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.seen[prefix]
	if !ok {
		e = l.order.PushFront(&allowance{from: prefix, rate: rate.NewLimiter(perSecond, burst)})
		l.seen[prefix] = e
	}
	l.order.MoveToFront(e)
	if l.order.Len() > addresses {
		oldest := l.order.Back()
		delete(l.seen, l.order.Remove(oldest).(*allowance).from)
	}
	return e.Value.(*allowance).rate.AllowN(now, 1)
}
