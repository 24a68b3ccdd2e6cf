package bench

import (
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/mandate"
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
	first int // unused draft of each writer

	signer       *tree.Signer
	integratorDB *db.DB
	state        string
}

// BenchmarkSign prints mandate.Sign beside pgbench doing the same statements, one by one and in one pipeline, and how soon
// what was signed can be proven.
func BenchmarkSign(b *testing.B) {
	s := newSigning(b)
	s.warm(b)
	out := map[int]*signed{}
	for _, writers := range writerCounts {
		r := &signed{}
		out[writers] = r
		for round := range rounds {
			turns := []func(){
				func() { s.turn(b, writers, r) },
				func() { r.single = append(r.single, s.pgbench(b, writers, false)) },
				func() { r.pipe = append(r.pipe, s.pgbench(b, writers, true)) },
			}
			if round%2 == 1 {
				slices.Reverse(turns)
			}
			for _, turn := range turns {
				turn()
			}
		}
	}
	printSigned(out)
	s.ContentBut(b, "identified the citizen") // which nobody did: the drafts were put there
}

// signed is what was measured with some writers.
type signed struct {
	ours, single, pipe []run
	provable           []run // p50 and p99
}

func printSigned(out map[int]*signed) {
	fmt.Printf("\nSigning a mandate of 3 powers: acts a second (medians of %d turns of %v), and what one act costs\n", rounds, turn)
	fmt.Printf("%7s %7s %8s %8s %7s %7s %8s %7s %6s %6s %6s %9s %9s %7s %7s\n", "writers", "Mandat", "pgbench", "pipeline", "/pgb", "budget", "/pipe", "budget",
		"PG us", "Go us", "WAL kB", "pipe PGus", "pipe WAL", "p50 ms", "p99 ms")
	for _, writers := range writerCounts {
		r := out[writers]
		o, p, q := median(r.ours, rate), median(r.single, rate), median(r.pipe, rate)
		fmt.Printf("%7d %7.0f %8.0f %8.0f %6.0f%% %7s %7.0f%% %7s %6.0f %6.0f %6.1f %9.0f %9.1f %7.2f %7.2f\n", writers, o, p, q, 100*o/p, signBudget[writers], 100*o/q, ">=50%",
			median(r.ours, databaseCPU), median(r.ours, selfCPU), median(r.ours, wal)/1000, median(r.pipe, databaseCPU), median(r.pipe, wal)/1000, median(r.ours, p50), median(r.ours, p99))
	}
	fmt.Printf("\nFrom the commit of a signature to a signed checkpoint that covers it, ms\n%7s %8s %8s %8s\n", "writers", "p50", "p99", "budget")
	for _, writers := range writerCounts {
		budget := "<= 150"
		if writers > 16 {
			budget = "<= 250"
		}
		fmt.Printf("%7d %8.1f %8.1f %8s\n", writers, median(out[writers].provable, p50), median(out[writers].provable, p99), budget)
	}
	fmt.Println()
}

// signBudget is the share of pgbench one by one.
var signBudget = map[int]string{1: ">=80%", 4: ">=65%", 16: ">=80%", 64: ">=85%"}

func newSigning(b *testing.B) *signing {
	b.Helper()
	d := dbtest.NewDurable(b, shipped)
	s := &signing{World: fixture.On(b, d)}
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

// warm gives every table some rows before anything is measured, as it would have a minute after the first day began.
func (s *signing) warm(b *testing.B) {
	b.Helper()
	const each = 20
	identified := fillDrafts(b, s.World, s.Superuser, s.by, s.first, each)
	fillDrafts(b, s.World, s.rival, s.by, s.first, each)
	agreed := agreements(b, s.World, s.by, s.first, each, identified)
	var wait sync.WaitGroup
	for w := range s.by {
		wait.Go(func() { s.writer(b, w, s.first, agreed[w], time.Now().Add(time.Minute)) })
	}
	wait.Wait()
	s.first += each
	s.pgbench(b, 16, true)
}

// drafts for one turn: enough for twice the rate that was seen here.
func draftsFor(writers int) int { return int(turn.Seconds()) * 12000 / (writers + 3) }

// turn signs for a while with the integrator running, and waits until all of it can be proven.
func (s *signing) turn(b *testing.B, writers int, out *signed) {
	b.Helper()
	count, first := draftsFor(writers), s.first
	s.first += count
	agreed := agreements(b, s.World, s.by[:writers], first, count, fillDrafts(b, s.World, s.Superuser, s.by[:writers], first, count))
	w := s.watch(b)
	m := newMeter(b, s.Superuser)
	before, begin := m.read(b), time.Now()
	acts := make([][]act, writers)
	var wait sync.WaitGroup
	for n := range writers {
		wait.Go(func() { acts[n] = s.writer(b, n, first, agreed[n], begin.Add(turn)) })
	}
	wait.Wait()
	took, u := time.Since(begin), m.read(b).since(before)
	all := slices.Concat(acts...)
	r := result(len(all), took, u)
	times := make([]time.Duration, len(all))
	for i, a := range all {
		times[i] = a.took
	}
	r.p50, r.p99 = percentile(times, .5), percentile(times, .99)
	out.ours, out.provable = append(out.ours, r), append(out.provable, w.end(b, all))
}

// act is one signature that was answered.
type act struct {
	mandate   uuid.UUID
	took      time.Duration
	committed time.Time
}

// writer signs drafts from the first on, one for each agreement, until a time.
func (s *signing) writer(b *testing.B, w, first int, agreed []mandate.Agreement, until time.Time) []act {
	var out []act
	by := s.by[w]
	by.FactorAt = s.Clock.Now()
	for n := 0; n < len(agreed) && time.Now().Before(until); n++ {
		begin := time.Now()
		m, err := s.Mandates.Sign(b.Context(), by, draftID(w, first+n), agreed[n])
		if err != nil {
			b.Errorf("writer %d: %v", w, err)
			return out
		}
		out = append(out, act{m.ID, time.Since(begin), time.Now()})
	}
	return out
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
	m := newMeter(b, s.rival)
	before := m.read(b)
	c := exec.Command(filepath.Join(s.Cluster.Bin(), "pgbench"), "-n", "-M", "prepared", "-f", file, "-c", strconv.Itoa(writers), "-j", "2",
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
	u := m.read(b).since(before)
	r := result(int(tps*turn.Seconds()), turn, u)
	r.rate = tps
	return r
}
