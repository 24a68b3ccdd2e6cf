package bench

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/mandate"
)

// BenchmarkDesk prints signing as the browser does it, one POST with a session's cookie to the whole program, beside
// mandate.Sign in this process on the same database. It has no budget.
func BenchmarkDesk(b *testing.B) {
	d := newDesk(b)
	fmt.Printf("\nSigning over HTTP (medians of %d turns of %v; times in ms, CPU in us an act)\n", rounds, turn)
	fmt.Printf("%8s %8s %8s %8s %10s %10s %10s | %12s %8s %8s\n", "browsers", "acts/s", "p50", "p99", "server", "PostgreSQL", "client", "mandate.Sign", "p50", "p99")
	for _, writers := range []int{1, 16} {
		l := line{name: strconv.Itoa(writers), measure: func(s side) load { return d.turn(b, s, writers) }}
		for round := range rounds {
			l.alternate(&uses{ours: d.http, theirs: d.direct}, round)
		}
		ours, theirs := runsOf(l.ours), runsOf(l.theirs)
		fmt.Printf("%8d %8.0f %8.1f %8.1f %10.0f %10.0f %10.0f | %12.0f %8.1f %8.1f\n", writers, median(ours, rate), median(ours, p50), median(ours, p99), serverCPU(l.ours),
			median(ours, databaseCPU), median(ours, selfCPU), median(theirs, rate), median(theirs, p50), median(theirs, p99))
	}
	fmt.Println()
}

// desk is aidants at their browsers, each with drafts that wait for the signature.
type desk struct {
	*uses
	by           []journal.Actor
	browsers     []*browser
	http, direct side
	first        int // unused draft of each
}

func newDesk(b *testing.B) *desk {
	b.Helper()
	u := &uses{place: newPlace(b)}
	d := &desk{uses: u, first: 1}
	server := u.serve(b)
	to := newWire(server.url)
	for n := range 16 {
		by := u.Aidant(b, u.Here, "desk-"+strconv.Itoa(n))
		br := u.signIn(b, by, 1, []uuid.UUID{uuid.Nil}, to)[0]
		by.Session = br.session
		d.by, d.browsers = append(d.by, by), append(d.browsers, br)
	}
	u.meter = newMeter(b, u.Superuser)
	d.http, d.direct = side{server: server}, side{server: server, direct: true}
	for _, s := range []side{d.http, d.direct} {
		d.turn(b, s, 16) // warm
	}
	return d
}

// turn signs for a while, over HTTP or in this process.
func (d *desk) turn(b *testing.B, s side, writers int) load {
	b.Helper()
	count, first := draftsFor(writers), d.first
	d.first += count
	agreed := agreements(b, d.World, d.by[:writers], first, count, fillDrafts(b, d.World, d.Superuser, d.by[:writers], first, count))
	return d.measure(b, s, func(report func(time.Duration, error)) {
		until := time.Now().Add(turn)
		var wait sync.WaitGroup
		for w := range writers {
			wait.Go(func() {
				for n := 0; n < count && time.Now().Before(until); n++ {
					begin := time.Now()
					err := d.sign(b, s.direct, w, first+n, agreed[w][n])
					report(time.Since(begin), err)
				}
			})
		}
		wait.Wait()
	})
}

func (d *desk) sign(b *testing.B, direct bool, writer, n int, agreed mandate.Agreement) error {
	id := draftID(writer, n)
	if direct {
		by := d.by[writer]
		by.FactorAt = d.Clock.Now()
		_, err := d.Mandates.Sign(b.Context(), by, id, agreed)
		return err
	}
	form := url.Values{"agreed": {"on"}, "understood": {"until"}, "reading": {"self"}, "private": {"on"}, "version": {"1"}, "shown": {agreed.Shown}}
	a, err := d.browsers[writer].do(b.Context(), http.MethodPost, "/brouillons/"+id.String()+"/signature", form, "")
	if err == nil && !strings.HasPrefix(a.at.Path, "/mandats/") {
		err = errors.New("not signed: " + strconv.Itoa(a.status))
	}
	return err
}
