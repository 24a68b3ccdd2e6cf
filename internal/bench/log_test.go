package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/tree"
)

// logEntries is how long the journal is that is exported and verified; MANDAT_BENCH_ENTRIES changes it.
var logEntries = func() int {
	if n, err := strconv.Atoi(os.Getenv("MANDAT_BENCH_ENTRIES")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}()

// BenchmarkLog prints how fast `mandat journal export` and `verify` are, each a process of its own, beside a rival that only
// reads the same files and hashes their lines.
func BenchmarkLog(b *testing.B) {
	p := newPlace(b)
	began := time.Now()
	fillJournal(b, p, logEntries)
	filled := time.Since(began)
	integrated := integrateAll(b, p)
	dir := b.TempDir()
	policy := filepath.Join(dir, "policy")
	if err := os.WriteFile(policy, []byte(p.keys.Journal.Policy("")), 0o600); err != nil {
		b.Fatal(err)
	}
	mandat, checker, reader := filepath.Join(p.bin, "mandat"), filepath.Join(p.bin, "mandat-verify"), filepath.Join(p.bin, "rival")
	var exports []finished
	folder := ""
	for n := range min(rounds, 3) {
		folder = filepath.Join(dir, strconv.Itoa(n))
		exports = append(exports, finish(b, []string{"DATABASE_URL_AUDITOR=" + p.Auditor}, mandat, "journal", "export", "--policy", policy, folder))
	}
	fmt.Printf("\nThe journal: %d entries of about 430 bytes (made in %v, put into the tree at %.0f/s)\n", logEntries, filled.Round(time.Second),
		float64(logEntries)/integrated.Seconds())
	fmt.Printf("%20s %12s %12s %10s %10s %12s   %s\n", "", "entries/s", "CPU ns each", "peak MiB", "its own", "rival's /s", "budget")
	printFinished("export", exports, nil, ">= 200,000")
	for n, budget := range []string{">= 600,000, <= 32 MiB", ">= 1,000,000, <= 32 MiB"} {
		workers := strconv.Itoa(n + 1)
		var ours, alone, theirs []finished
		for range rounds {
			alone = append(alone, finish(b, []string{"GOMAXPROCS=" + workers}, checker, "--policy", policy, folder))
			ours = append(ours, finish(b, []string{"GOMAXPROCS=" + workers}, mandat, "journal", "verify", "--policy", policy, folder))
			theirs = append(theirs, finish(b, []string{"GOMAXPROCS=" + workers}, reader, "read", workers, folder))
		}
		printFinished("mandat-verify, "+workers, alone, theirs, budget)
		printFinished("journal verify, "+workers, ours, theirs, "")
	}
	var inspections, people []finished
	for n := range min(rounds, 3) {
		inspections = append(inspections, finish(b, []string{"DATABASE_URL_AUDITOR=" + p.Auditor}, mandat, "journal", "inspect", "--policy", policy))
		people = append(people, finish(b, []string{"DATABASE_URL_AUDITOR=" + p.Auditor}, mandat, "journal", "export", "--policy", policy, "--format", "jsonl.zst", filepath.Join(dir, "json"+strconv.Itoa(n))))
	}
	printFinished("inspect", inspections, nil, "")
	printFinished("export, JSON Lines", people, nil, "")
	var parts []finished
	for range min(rounds, 3) {
		parts = append(parts, finish(b, nil, mandat, "journal", "verify", "--policy", policy, filepath.Join(dir, "json0")))
	}
	printFinished("verify, JSON Lines", parts, nil, "")
	fmt.Println()
}

// finished is what a process that has ended took.
type finished struct {
	took, cpu time.Duration
	peak      float64 // MiB
	own       float64 // MiB of it that are not pages of the program's file, of which more are there the more the system has in its cache
}

func finish(b *testing.B, env []string, name string, args ...string) finished {
	b.Helper()
	c := exec.Command(name, args...)
	c.Env = env
	begin := time.Now()
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	ended, peak := make(chan struct{}), make(chan [2]float64, 1)
	go func() { peak <- highest(c.Process.Pid, ended) }()
	err := c.Wait()
	took := time.Since(begin)
	close(ended)
	if err != nil {
		b.Fatalf("%s %v: %v\n%s", name, args, err, out.Bytes())
	}
	most := <-peak
	return finished{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), most[0], most[1]}
}

// highest follows the most memory a process has had, in MiB, until it has ended. (What the system tells of a process that
// has ended counts its parent's memory too.)
func highest(pid int, ended <-chan struct{}) (peak [2]float64) {
	for {
		for i, name := range []string{"VmHWM", "RssAnon"} {
			if mib, err := status(pid, name); err == nil {
				peak[i] = max(peak[i], mib)
			}
		}
		select {
		case <-ended:
			return peak
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func printFinished(name string, ours, theirs []finished, budget string) {
	of := func(all []finished, f func(finished) float64) float64 {
		if len(all) == 0 {
			return 0
		}
		runs := make([]run, len(all))
		for i, one := range all {
			runs[i].rate = f(one)
		}
		return median(runs, rate)
	}
	perSecond := func(f finished) float64 { return float64(logEntries) / f.took.Seconds() }
	fmt.Printf("%20s %12.0f %12.0f %10.1f %10.1f %12.0f   %s\n", name, of(ours, perSecond), of(ours, func(f finished) float64 { return float64(f.cpu.Nanoseconds()) / float64(logEntries) }),
		of(ours, func(f finished) float64 { return f.peak }), of(ours, func(f finished) float64 { return f.own }), of(theirs, perSecond), budget)
}

// fillJournal adds entries in the form that uses have, 200,000 in a transaction.
func fillJournal(b *testing.B, p *place, count int) {
	b.Helper()
	conn := p.Connect(b, p.Superuser)
	for left := count; left > 0; left -= 200_000 {
		_, err := conn.Exec(b.Context(), `insert into journal_entry (at, action, organisation_id, salt, body)
			select now(), 'power.used', $1::uuid, decode(md5(n::text || random()::text) || md5(random()::text), 'hex'),
			'{"action":"power.used","at":"2026-11-21T10:00:00.000000Z","by":{"kind":"aidant","person":"' || gen_random_uuid() || '"},"citizen":"' || gen_random_uuid() ||
			'","detail":{"client":"franceconnect","login":"' || gen_random_uuid() || '","procedure":"argent-impots-declaration","procedure_is":"declared","service":"unknown","theme":"argent"},"mandate":"'
			|| gen_random_uuid() || '","organisation":"' || $1::uuid || '"}'
			from generate_series(1, $2::int) n`, p.Here, min(left, 200_000))
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := conn.Exec(b.Context(), `analyze journal_entry`, pgx.QueryExecModeSimpleProtocol); err != nil {
		b.Fatal(err)
	}
}

func integrateAll(b *testing.B, p *place) time.Duration {
	b.Helper()
	own, err := db.Open(b.Context(), db.Options{URL: p.App, MaxConns: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer own.Close()
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: own, Signer: p.keys.Journal, StateFile: filepath.Join(b.TempDir(), "checkpoint"), Clock: p.Clock})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	for more := true; more; {
		if more, err = in.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(begin)
	if err := in.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	return took
}
