package bench

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/caseload"
	"mandat/internal/cluster"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/keyring"
	filling "mandat/internal/load"
	"mandat/internal/mandate"
)

// small is with how many mandates the large database is compared.
const small = 10_000

// BenchmarkLarge prints the budgets of a database with very many mandates (MANDAT_LARGE says how many, load fills it), beside the same on one with few.
func BenchmarkLarge(b *testing.B) {
	size, err := strconv.Atoi(os.Getenv("MANDAT_LARGE"))
	if err != nil || size < small {
		fmt.Printf("\nLarge: say with MANDAT_LARGE how many mandates, at least %d (make bench-large)\n", small)
		return
	}
	few, many := newLarge(b, small), newLarge(b, size)
	for round := range rounds {
		turns := []*large{few, many}
		if round%2 == 1 {
			turns = []*large{many, few}
		}
		for _, l := range turns {
			l.round(b)
		}
	}
	fmt.Printf("\n%d mandates beside %d, %d entries beside %d (medians of %d turns; loaded in %v)\n", size, small, 2*size, 2*small, rounds, many.took.Round(time.Second))
	fmt.Printf("%-44s %10s %10s %7s  %s\n", "", "many", "few", "ratio", "budget")
	for _, l := range []struct {
		name, budget string
		of           func(run) float64
	}{
		{"whole uses a second, 16 clients", ">= 1/1.5 = 0.67", rate},
		{"signatures a second, 16 writers", ">= 1/1.6 = 0.63", rate},
		{"MayAct, p99 ms", "<= 1 ms", p99},
		{"journal of a mandate, p50 ms", "<= 10 ms", p50},
		{"journal of a citizen, p50 ms", "<= 10 ms", p50},
		{"journal of an organisation, p50 ms", "<= 10 ms", p50},
		{"journal of an organisation and action, p50 ms", "<= 10 ms", p50},
		{"list of an organisation, p50 ms", "<= 50 ms at 20,000 mandates", p50},
	} {
		m, f := median(many.runs[l.name], l.of), median(few.runs[l.name], l.of)
		fmt.Printf("%-44s %10.2f %10.2f %7.2f  %s\n", l.name, m, f, m/f, l.budget)
	}
	fmt.Printf("%-44s %10d %10d\n\n", "mandates of that organisation", many.listed, few.listed)
}

// large is a database that was filled, and the program at work on it.
type large struct {
	*uses
	took    time.Duration // to load it
	signing *signing
	auditor *db.DB
	asked   []asked
	aidant  journal.Actor // of an organisation that was loaded
	listed  int
	runs    map[string][]run
}

// asked is a power that was loaded.
type asked struct {
	organisation, citizen, mandate uuid.UUID
	procedure                      string
}

func newLarge(b *testing.B, size int) *large {
	b.Helper()
	l := &large{runs: map[string][]run{}}
	d := dbtest.NewDurable(b, shipped, quarter)
	p := placeOn(b, d, func(keys *keyring.Keyring, state string) { l.fill(b, d, keys, state, size) })
	l.uses, l.auditor = usesOf(b, p), d.OpenAuditor(b)
	l.signing = &signing{World: p.World}
	for n := range 16 {
		l.signing.by = append(l.signing.by, p.Aidant(b, p.Here, "writer-"+strconv.Itoa(n)))
	}
	l.sample(b, size)
	return l
}

// quarter gives PostgreSQL a quarter of the machine's memory, as the operations guide says.
func quarter(o *cluster.Options) {
	text, err := os.ReadFile("/proc/meminfo")
	var kib int
	if err == nil {
		_, err = fmt.Sscanf(string(text), "MemTotal: %d kB", &kib)
	}
	if err == nil {
		o.SharedBuffers = strconv.Itoa(kib/4/1024) + "MB"
	}
}

// fill loads the database, to which nobody may be connected then.
func (l *large) fill(b *testing.B, d *dbtest.Database, keys *keyring.Keyring, state string, size int) {
	b.Helper()
	d.DB.Close()
	begun := time.Now()
	err := filling.Run(b.Context(), filling.Options{App: d.App, Owner: d.Owner, Name: d.Name, Keys: keys.Envelope, Signer: keys.Journal, StateFile: filepath.Join(state, "checkpoint"),
		Mandates: size, Organisations: int(math.Ceil(float64(size) / listSize))})
	if err != nil {
		b.Fatal(err)
	}
	l.took = time.Since(begun)
	if d.DB, err = db.Open(b.Context(), db.Options{URL: d.App}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.DB.Close)
}

// sample draws powers that stand, from all over the table, and an aidant.
func (l *large) sample(b *testing.B, size int) {
	b.Helper()
	conn := l.Connect(b, l.Superuser)
	share := strconv.FormatFloat(min(100, 100*2000/float64(3*size)), 'f', -1, 64)
	rows, err := conn.Query(b.Context(), `select organisation_id, citizen_id, mandate_id, procedure from mandate_power tablesample bernoulli (`+share+`) where ends_at > now() limit 2000`)
	if err != nil {
		b.Fatal(err)
	}
	l.asked, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a asked, err error) {
		err = row.Scan(&a.organisation, &a.citizen, &a.mandate, &a.procedure)
		return a, err
	})
	if err != nil || len(l.asked) == 0 {
		b.Fatalf("no powers: %v", err)
	}
	l.aidant = journal.Actor{Kind: journal.Aidant, Organisation: l.asked[0].organisation}
	if err := conn.QueryRow(b.Context(), `select person_id from membership where organisation_id = $1 limit 1`, l.aidant.Organisation).Scan(&l.aidant.Person); err != nil {
		b.Fatal(err)
	}
}

// round measures everything once.
func (l *large) round(b *testing.B) {
	b.Helper()
	add := func(name string, r run) { l.runs[name] = append(l.runs[name], r) }
	add("whole uses a second, 16 clients", l.closed(b, l.ours, 16).run)
	add("signatures a second, 16 writers", l.sign(b))
	err := l.DB.Read(b.Context(), db.System(), func(tx pgx.Tx) error {
		add("MayAct, p99 ms", l.each(b, func(a asked) error {
			_, err := mandate.MayAct(b.Context(), tx, a.organisation, a.citizen, a.procedure, "", l.Clock.Now())
			return err
		}))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	reader := journal.NewReader(l.auditor)
	for name, filter := range map[string]func(asked) journal.Filter{
		"journal of a mandate, p50 ms":       func(a asked) journal.Filter { return journal.Filter{Mandate: a.mandate} },
		"journal of a citizen, p50 ms":       func(a asked) journal.Filter { return journal.Filter{Citizen: a.citizen} },
		"journal of an organisation, p50 ms": func(a asked) journal.Filter { return journal.Filter{Organisation: a.organisation} },
		"journal of an organisation and action, p50 ms": func(a asked) journal.Filter {
			return journal.Filter{Organisation: a.organisation, Action: "power.used"}
		},
	} {
		add(name, l.each(b, func(a asked) error {
			_, err := reader.Page(b.Context(), filter(a), 50)
			return err
		}))
	}
	add("list of an organisation, p50 ms", l.list(b))
}

// each times a question about every power of the sample.
func (l *large) each(b *testing.B, ask func(asked) error) run {
	b.Helper()
	times := make([]time.Duration, 0, len(l.asked))
	for _, a := range l.asked {
		begun := time.Now()
		if err := ask(a); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	return run{p50: percentile(times, 0.5), p99: percentile(times, 0.99)}
}

// sign signs for a turn, while the server's integrator runs.
func (l *large) sign(b *testing.B) run {
	b.Helper()
	s, count := l.signing, draftsFor(len(l.signing.by))
	first := s.first
	s.first += count
	agreed := agreements(b, s.World, s.by, first, count, fillDrafts(b, s.World, s.Superuser, s.by, first, count))
	before, begun := l.meter.read(b), time.Now()
	var mutex sync.Mutex
	var wait sync.WaitGroup
	signed := 0
	for n := range s.by {
		wait.Go(func() {
			acts := s.writer(b, n, first, agreed[n], begun.Add(turn))
			mutex.Lock()
			defer mutex.Unlock()
			signed += len(acts)
		})
	}
	wait.Wait()
	return result(signed, time.Since(begun), l.meter.read(b).since(before))
}

// list turns pages of the list of an organisation that was loaded.
func (l *large) list(b *testing.B) run {
	b.Helper()
	var times []time.Duration
	for range 10 {
		begun := time.Now()
		page, err := l.Caseload.List(b.Context(), l.aidant, caseload.Filter{})
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
		l.listed = 0
		for _, n := range page.Counts {
			l.listed += n
		}
	}
	return run{p50: percentile(times, 0.5), p99: percentile(times, 0.99)}
}
