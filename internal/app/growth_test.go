package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"mandat/internal/apptest"
)

// growth is how the tree grew while there was something to do.
type growth struct {
	watched time.Duration
	entries int64         // that were signed meanwhile
	rounds  int           // signatures that were seen, of which each covers more than the one before
	without time.Duration // the longest time without one while an entry waited
	waited  time.Duration // the longest that an entry waited
}

// String says it in numbers.
func (g *growth) String() string {
	seconds := max(g.watched.Seconds(), 0.001)
	return fmt.Sprintf("%.0f entries a second, under %.1f signatures a second; %v at most without a leader, an entry waited %v at most", float64(g.entries)/seconds, float64(g.rounds)/seconds,
		g.without.Round(time.Millisecond), g.waited.Round(time.Millisecond))
}

// watch looks at the tree every few milliseconds, until the returned function is called.
func (g *growth) watch(t *testing.T, p *apptest.Process) (stop func()) {
	t.Helper()
	const look = `select size, (select extract(epoch from clock_timestamp() - min(e.at))::float8 from journal_entry e where e.id > coalesce((select l.entry_id from journal_leaf l order by l.index desc limit 1), 0)) from journal_tree`
	conn := p.Connect(t, p.Superuser)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	began, first := time.Now(), int64(-1)
	done.Go(func() {
		grew, size := began, int64(-1)
		for ctx.Err() == nil {
			var now int64
			var waits *float64
			if err := conn.QueryRow(ctx, look).Scan(&now, &waits); err != nil {
				if ctx.Err() == nil {
					t.Errorf("look at the tree: %v", err)
				}
				break
			}
			switch {
			case first < 0:
				first = now
			case now > size:
				g.rounds++
			}
			if now > size {
				grew, size = time.Now(), now
			}
			if waits != nil {
				waited := time.Duration(*waits * float64(time.Second))
				g.waited, g.without = max(g.waited, waited), max(g.without, min(waited, time.Since(grew)))
			}
			time.Sleep(5 * time.Millisecond)
		}
		g.entries += max(size-first, 0)
		g.watched += time.Since(began)
	})
	return func() { cancel(); done.Wait() }
}
