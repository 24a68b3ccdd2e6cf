package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/cluster"
	"mandat/internal/fixture"
)

// BenchmarkUse prints whole uses, seven requests over HTTP (authorize, the page and the choice of the citizen, those of the
// procedure, token, userinfo), beside a rival that answers as many requests and makes two durable inserts. Server,
// PostgreSQL and clients share the machine.
func BenchmarkUse(b *testing.B) {
	u := newUses(b)
	var closed, open []line
	for _, clients := range []int{1, 16, 64} {
		budget := ""
		if clients > 1 {
			budget = ">= 400/s"
		}
		closed = append(closed, line{name: strconv.Itoa(clients) + " clients", budget: budget, measure: func(s side) load { return u.closed(b, s, clients) }})
	}
	for _, l := range []line{{name: "100/s", budget: "p99 <= 25"}, {name: "300/s", budget: "p99 <= 40"}} {
		perSecond, err := strconv.Atoi(l.name[:3])
		if err != nil {
			b.Fatal(err)
		}
		l.measure = func(s side) load { return u.open(b, s, perSecond) }
		open = append(open, l)
	}
	for round := range rounds {
		for i := range closed {
			closed[i].alternate(u, round)
		}
		for i := range open {
			open[i].alternate(u, round)
		}
	}
	fmt.Printf("\nWhole uses, seven requests each (medians of %d turns of %v; times in ms, CPU in us a use)\n", rounds, turn)
	fmt.Printf("%12s %8s %8s %8s %10s %10s %10s | %8s %8s %8s %8s  %s\n", "", "uses/s", "p50", "p99", "server", "PostgreSQL", "client", "rival", "p50", "p99", "CPU", "budget")
	for _, l := range slices.Concat(closed, open) {
		l.print()
	}
	fmt.Println()
}

// side is Mandat or its rival: a server, and how to go all the way with one of its browsers.
type side struct {
	server *program
	use    func(ctx context.Context, client int) error
	direct bool // without the server (see desk_test.go)
}

// load is what a turn measured, with the server's CPU apart.
type load struct {
	run
	server float64
	failed int // refused with 503, as a server should that gets more than it can do
}

// line is a row of the table.
type line struct {
	name, budget string
	measure      func(side) load
	ours, theirs []load
}

func (l *line) alternate(u *uses, round int) {
	if round%2 == 0 {
		l.ours = append(l.ours, l.measure(u.ours))
	}
	l.theirs = append(l.theirs, l.measure(u.theirs))
	if round%2 == 1 {
		l.ours = append(l.ours, l.measure(u.ours))
	}
}

func (l *line) print() {
	ours, theirs := runsOf(l.ours), runsOf(l.theirs)
	failed := ""
	if l.ours[0].failed > 0 {
		failed = fmt.Sprintf(" (503 in the first turn: %d)", l.ours[0].failed)
	}
	fmt.Printf("%12s %8.0f %8.1f %8.1f %10.0f %10.0f %10.0f | %8.0f %8.1f %8.1f %8.0f  %s%s\n", l.name, median(ours, rate), median(ours, p50), median(ours, p99),
		serverCPU(l.ours), median(ours, databaseCPU), median(ours, selfCPU), median(theirs, rate), median(theirs, p50), median(theirs, p99),
		serverCPU(l.theirs)+median(theirs, databaseCPU)+median(theirs, selfCPU), l.budget, failed)
}

func serverCPU(loads []load) float64 {
	values := make([]run, len(loads))
	for i, one := range loads {
		values[i].rate = one.server
	}
	return median(values, rate)
}

func runsOf(loads []load) []run {
	out := make([]run, len(loads))
	for i, l := range loads {
		out[i] = l.run
	}
	return out
}

// uses is the program at work, and its rival.
type uses struct {
	*place
	ours, theirs side
	meter        *meter
}

// clients is the most browsers at a time; each is for one of that many citizens.
const clients, citizens = 256, 400

func newUses(b *testing.B, tune ...func(*cluster.Options)) *uses {
	b.Helper()
	return usesOf(b, newPlace(b, tune...))
}

// usesOf starts the program at a place, and its rival, and signs browsers in.
func usesOf(b *testing.B, p *place) *uses {
	b.Helper()
	u := &uses{place: p}
	u.ours.server, u.theirs.server = u.serve(b), u.rival(b)
	known := make([]uuid.UUID, citizens)
	var wait sync.WaitGroup
	for first := range 8 {
		wait.Go(func() {
			for n := first; n < citizens; n += 8 {
				known[n] = u.Sign(b, u.Jeanne, fixture.Citizen(n), fixture.Tax, fixture.Housing).Citizen
			}
		})
	}
	wait.Wait()
	browsers := u.signIn(b, u.Jeanne, clients, known, newWire(u.ours.server.url))
	if _, err := u.Connect(b, u.Superuser).Exec(b.Context(), `analyze`); err != nil { // as autovacuum would have within a minute
		b.Fatal(err)
	}
	rival := &browser{wire: newWire(u.theirs.server.url)}
	u.ours.use = func(ctx context.Context, client int) error { return browsers[client%clients].use(ctx) }
	u.theirs.use = func(ctx context.Context, _ int) error { return rival.exchange(ctx) }
	u.meter = newMeter(b, u.Superuser)
	for _, s := range []side{u.ours, u.theirs} {
		u.closed(b, s, 16) // warm
	}
	return u
}

// measure runs a load and reads what it cost.
func (u *uses) measure(b *testing.B, s side, run func(report func(time.Duration, error))) load {
	b.Helper()
	var mu sync.Mutex
	var times []time.Duration
	failed := 0
	before, server, begin := u.meter.read(b), processCPU(b, s.server.pid), time.Now()
	run(func(took time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			times = append(times, took)
		} else if failed++; failed == 1 && !errors.Is(err, errBusy) {
			b.Error(err)
		}
	})
	took := time.Since(begin)
	l := load{run: result(len(times), took, u.meter.read(b).since(before)), failed: failed}
	l.server = float64((processCPU(b, s.server.pid) - server).Microseconds()) / float64(max(len(times), 1))
	l.p50, l.p99 = percentile(times, .5), percentile(times, .99)
	return l
}

// closed has clients that each begin a use when the last one is done.
func (u *uses) closed(b *testing.B, s side, clients int) load {
	b.Helper()
	return u.measure(b, s, func(report func(time.Duration, error)) {
		until := time.Now().Add(turn)
		var wait sync.WaitGroup
		for client := range clients {
			wait.Go(func() {
				for begin := time.Now(); begin.Before(until); begin = time.Now() {
					err := s.use(b.Context(), client)
					report(time.Since(begin), err)
				}
			})
		}
		wait.Wait()
	})
}

// open begins uses at a steady rate, whether or not the last ones are done; their time counts from when they were due.
func (u *uses) open(b *testing.B, s side, perSecond int) load {
	b.Helper()
	return u.measure(b, s, func(report func(time.Duration, error)) {
		var wait sync.WaitGroup
		begin := time.Now()
		for n := range perSecond * int(2*turn.Seconds()) {
			due := begin.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
			time.Sleep(time.Until(due))
			wait.Go(func() {
				err := s.use(b.Context(), n)
				report(time.Since(due), err)
			})
		}
		wait.Wait()
	})
}
