package bench

import (
	"cmp"
	"fmt"
	"runtime"
	"testing"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
)

const (
	listSize   = 20_000
	listBudget = 50 * time.Millisecond
)

// BenchmarkList prints how long one page of the list of an organisation with 20,000 mandates takes, for a client alone and for four at once, beside
// its budget and beside a rival: the same names in clear in a table without row security, looked through by PostgreSQL.
func BenchmarkList(b *testing.B) {
	w := fixture.On(b, dbtest.NewDurable(b, shipped))
	fillList(b, w)
	m := newMeter(b, w.Superuser)
	times := 10 * rounds
	fmt.Printf("\nOne page of the list of %d mandates (%d times each; times and CPU in ms; the budget is %d ms at the median, for one client)\n", listSize, times, listBudget.Milliseconds())
	fmt.Printf("%-32s %6s %7s %7s %7s %11s %10s | %9s %9s | %9s\n", "", "found", "p50", "p99", "our CPU", "PostgreSQL", "KiB each", "p50 of 4", "p99 of 4", "in clear")
	for _, c := range listCases(w) {
		alone, four := turnPages(b, w, m, c.filter, 1, times), turnPages(b, w, m, c.filter, 4, times)
		clear, verdict := "-", ""
		if c.filter.Words != "" {
			clear = fmt.Sprintf("%.1f", ms(percentile(inClear(b, w, c.filter.Words, times), 0.5)))
		}
		if alone.p50 > listBudget {
			verdict = "  over the budget"
		}
		fmt.Printf("%-32s %6d %7.1f %7.1f %7.1f %11.1f %10d | %9.1f %9.1f | %9s%s\n", c.name, alone.found, ms(alone.p50), ms(alone.p99), alone.self/1000, alone.database/1000,
			alone.allocated>>10, ms(four.p50), ms(four.p99), clear, verdict)
	}
	fmt.Println()
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

type listCase struct {
	name   string
	filter caseload.Filter
}

func listCases(w *fixture.World) []listCase {
	soon := w.Clock.Now().Add(60 * 24 * time.Hour)
	return []listCase{
		{"first page", caseload.Filter{}},
		{"ending soon", caseload.Filter{Tab: caseload.TabSoon}},
		{"ended, 100th page", caseload.Filter{Tab: caseload.TabEnded, Page: 100}},
		{"a procedure, followed by me", caseload.Filter{Procedures: procedures[:1], Person: w.Jeanne.Person}},
		{"ends within two months", caseload.Filter{EndsBefore: soon}},
		{"a rare name", caseload.Filter{Words: "lefèvre-n77"}},
		{"two words", caseload.Filter{Words: "mar dub"}},
		{"a birth date", caseload.Filter{Words: "24/08/1962"}},
		{"a name that everybody has", caseload.Filter{Words: "de"}},
		{"the same, ended, 100th page", caseload.Filter{Words: "de", Tab: caseload.TabEnded, Page: 100}},
	}
}

// pages is what asking for a page again and again came to.
type pages struct {
	run
	found     int    // mandates in the tab
	allocated uint64 // bytes, for one page
}

// turnPages asks for a page from several clients.
func turnPages(b *testing.B, w *fixture.World, m *meter, f caseload.Filter, clients, times int) pages {
	b.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, begun := m.read(b), time.Now()
	results := make(chan time.Duration)
	for range clients {
		go func() {
			for range times / clients {
				begin := time.Now()
				_, err := w.Caseload.List(b.Context(), w.Jeanne, f)
				results <- time.Since(begin)
				if err != nil {
					b.Error(err)
				}
			}
		}()
	}
	took := make([]time.Duration, 0, times)
	for range times / clients * clients {
		took = append(took, <-results)
	}
	out := pages{run: result(len(took), time.Since(begun), m.read(b).since(used))}
	runtime.ReadMemStats(&after)
	out.p50, out.p99, out.allocated = percentile(took, 0.5), percentile(took, 0.99), (after.TotalAlloc-before.TotalAlloc)/uint64(len(took))
	listing, err := w.Caseload.List(b.Context(), w.Jeanne, f)
	if err != nil {
		b.Fatal(err)
	}
	out.found = listing.Counts[cmp.Or(f.Tab, caseload.TabCurrent)]
	return out
}
