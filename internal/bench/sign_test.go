package bench

import (
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

//go:embed sign.pgbench
var script string

const turn = 2 * time.Second

// rounds is 5, or what MANDAT_BENCH_ROUNDS says: fewer for a quick look, whose figures are not to be quoted.
var rounds = func() int {
	if n, err := strconv.Atoi(os.Getenv("MANDAT_BENCH_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 5
}()

var writerCounts = []int{1, 4, 16, 64}

// signing is the database of the signing benchmark, and beside it the rival's: the same tables and indexes without triggers
// and policies.
type signing struct {
	*fixture.World
	by    []journal.Actor
	rival string // superuser's address of the rival's database
	pool  *db.DB
	next  []int // the first unused draft of each writer, ours
	first int   // the rival's
}

// BenchmarkSign prints mandate.Sign beside pgbench doing the same statements, one by one and in one pipeline.
func BenchmarkSign(b *testing.B) {
	s := newSigning(b)
	stop := s.integrate(b)
	defer stop()
	fmt.Printf("\nSigning a mandate of 3 powers: acts a second (median of %d turns of %v), share of the rivals, and cost of one act\n", rounds, turn)
	fmt.Printf("%8s %10s %12s %12s %8s %8s %10s %10s %10s %9s %9s\n", "writers", "Mandat", "pgbench", "pipeline", "/pgb", "/pipe", "WAL kB", "PG µs", "Go µs", "p50 ms", "p99 ms")
	for _, writers := range writerCounts {
		var ours, single, pipe []run
		for round := range rounds {
			turns := []func(){
				func() { ours = append(ours, s.sign(b, writers)) },
				func() { single = append(single, s.pgbench(b, writers, false)) },
				func() { pipe = append(pipe, s.pgbench(b, writers, true)) },
			}
			for i := range turns {
				turns[(i*(1-2*(round%2))+len(turns))%len(turns)]()
			}
		}
		o, p, q := median(ours, rate), median(single, rate), median(pipe, rate)
		fmt.Printf("%8d %10.0f %12.0f %12.0f %7.0f%% %7.0f%% %10.1f %10.0f %10.0f %9.2f %9.2f\n", writers, o, p, q, 100*o/p, 100*o/q,
			median(ours, func(r run) float64 { return r.wal })/1000, median(ours, func(r run) float64 { return r.database }), median(ours, func(r run) float64 { return r.self }),
			median(ours, func(r run) float64 { return r.p50.Seconds() * 1000 }), median(ours, func(r run) float64 { return r.p99.Seconds() * 1000 }))
	}
	fmt.Printf("%8s   the rival's WAL and CPU are not comparable: its entry and terms have the same size, its statements join to find what ours knows\n\n", "")
	s.Content(b)
}

func newSigning(b *testing.B) *signing {
	b.Helper()
	d := dbtest.NewDurable(b)
	s := &signing{World: fixture.On(b, d), next: make([]int, 64)}
	for i := range 64 {
		s.by = append(s.by, s.Aidant(b, s.Here, "writer-"+strconv.Itoa(i)))
	}
	d.DB.Close()
	admin := s.connect(b, database(b, d.Superuser, "postgres"))
	if _, err := admin.Exec(b.Context(), `create database rival template `+d.Name); err != nil {
		b.Fatal(err)
	}
	s.rival = database(b, d.Superuser, "rival")
	if _, err := s.connect(b, s.rival).Exec(b.Context(), `do $$ declare t record; begin
		for t in select tgname, tgrelid::regclass as r from pg_trigger where not tgisinternal loop execute format('drop trigger %I on %s', t.tgname, t.r); end loop;
		for t in select oid::regclass as r from pg_class where relrowsecurity loop execute format('alter table %s disable row level security', t.r); end loop;
		drop index journal_entry_xid; create index journal_entry_xid on journal_entry (xid, id);
	end $$`); err != nil {
		b.Fatal(err)
	}
	var err error
	if s.pool, err = db.Open(b.Context(), db.Options{URL: d.App, MaxConns: 16}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.pool.Close)
	s.Open(s.pool)
	return s
}

func database(b *testing.B, address, name string) string {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func (s *signing) connect(b *testing.B, address string) *pgx.Conn {
	b.Helper()
	return s.Connect(b, address)
}

// drafts for one turn: enough for twice the rate that was seen here.
func draftsFor(writers int) int { return int(turn.Seconds()) * 12000 / (writers + 3) }

func (s *signing) sign(b *testing.B, writers int) run {
	b.Helper()
	count := draftsFor(writers)
	first := s.first
	s.first += count
	fillDrafts(b, s.World, s.Superuser, s.by[:writers], first, count)
	m := newMeter(b, s.Superuser)
	before, begin := m.read(b), time.Now()
	times := make([][]time.Duration, writers)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() { times[w] = s.writer(b, w, first, count, begin.Add(turn)) })
	}
	wait.Wait()
	took, u := time.Since(begin), m.read(b).since(before)
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	r := result(len(all), took, u)
	r.p50, r.p99 = percentile(all, .5), percentile(all, .99)
	return r
}

func (s *signing) writer(b *testing.B, w, first, count int, until time.Time) []time.Duration {
	var times []time.Duration
	by := s.by[w]
	by.FactorAt = s.Clock.Now()
	for n := first; n < first+count && time.Now().Before(until); n++ {
		begin := time.Now()
		if _, err := s.Mandates.Sign(b.Context(), by, draftID(w, n), true); err != nil {
			b.Errorf("writer %d: %v", w, err)
			return times
		}
		times = append(times, time.Since(begin))
	}
	return times
}

var rateLine = regexp.MustCompile(`tps = ([0-9.]+) `)

func (s *signing) pgbench(b *testing.B, writers int, pipeline bool) run {
	b.Helper()
	count := draftsFor(writers)
	first := s.first
	s.first += count
	fillDrafts(b, s.World, s.rival, s.by[:writers], first, count)
	text := strings.NewReplacer("STARTPIPELINE\n", "", "ENDPIPELINE\n", "").Replace(script)
	if pipeline {
		text = strings.NewReplacer("STARTPIPELINE", `\startpipeline`, "ENDPIPELINE", `\endpipeline`).Replace(script)
	}
	file := filepath.Join(b.TempDir(), "sign.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	c := exec.Command(filepath.Join(s.Cluster.Bin(), "pgbench"), "-n", "-M", "prepared", "-f", file, "-c", strconv.Itoa(writers), "-j", "2", //nolint:gosec // our own arguments
		"-D", "n="+strconv.Itoa(first-1), "-T", strconv.Itoa(int(turn.Seconds())), s.rival)
	out, err := c.CombinedOutput()
	found := rateLine.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	tps, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return run{rate: tps}
}
