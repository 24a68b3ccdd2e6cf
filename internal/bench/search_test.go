package bench

import (
	"context"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
)

// BenchmarkSearch prints what a journal of very many made-up entries (MANDAT_SEARCH says how many) costs beside one of few: signing, how soon what was signed can be proven, auditors' searches
// and proofs, in the database and as pages, and how fast what they search by is written.
func BenchmarkSearch(b *testing.B) {
	size := 200_000
	if text := os.Getenv("MANDAT_SEARCH"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil || size < small {
			b.Fatalf("MANDAT_SEARCH=%s: at least %d", text, small)
		}
	}
	both := []*searches{newSearches(b, small), newSearches(b, size)}
	for round := range rounds {
		for n := range both {
			both[(n+round)%2].signing.turn(b, 16, &both[(n+round)%2].signed)
		}
	}
	for _, s := range both {
		s.open(b)
	}
	fmt.Printf("\n%-48s %10s %10s %10s   %s\n", fmt.Sprintf("medians of %d turns of %v, 16 writers", rounds, turn), strconv.Itoa(small), strconv.Itoa(size), "ratio", "budget")
	for _, l := range []struct {
		name, budget string
		of           func(*signed) float64
	}{
		{"signatures a second", ">= 1/1.6 = 0.63", func(r *signed) float64 { return median(r.ours, rate) }},
		{"provable, p50 ms", "", func(r *signed) float64 { return median(r.provable, p50) }},
		{"provable, p99 ms", "<= 150 ms", func(r *signed) float64 { return median(r.provable, p99) }},
	} {
		few, many := l.of(&both[0].signed), l.of(&both[1].signed)
		fmt.Printf("%-48s %10.1f %10.1f %10.2f   %s\n", l.name, few, many, many/few, l.budget)
	}
	s := both[1]
	fmt.Printf("\n%-48s %8s %8s %8s %8s | %8s %8s %8s %8s %8s   %s\n", "times in ms (first "+strconv.Itoa(small)+" entries)", "p50", "p99", "page p50", "page p99", "p50", "p99", "page p50", "page p99", "found",
		"budget 10 ms, page 50 ms")
	for n := range s.kinds() {
		few, many := both[0].ask(b, both[0].kinds()[n]), s.ask(b, s.kinds()[n])
		fmt.Printf("%-48s %8.2f %8.2f %8.1f %8.1f | %8.2f %8.2f %8.1f %8.1f %8.1f\n", s.kinds()[n].name, p50(few.database), p99(few.database), p50(few.page), p99(few.page),
			p50(many.database), p99(many.database), p50(many.page), p99(many.page), many.found)
	}
	fmt.Println()
}

// searches is a filled journal, and who searches it.
type searches struct {
	*place
	size                           int
	chance                         *rand.Rand
	finder                         *search.Finder
	log                            *tree.Log
	browser                        *browser
	signing                        *signing
	signed                         signed
	inserted, integrated, followed time.Duration
	weight                         string
}

func newSearches(b *testing.B, size int) *searches {
	b.Helper()
	s := &searches{chance: rand.New(rand.NewPCG(1, 2)), size: size}
	d := dbtest.NewDurable(b, shipped, quarter)
	var file string
	s.place = placeOn(b, d, func(keys *keyring.Keyring, state string) {
		file = filepath.Join(state, "checkpoint")
		s.fill(b, d, keys, file)
	})
	fmt.Printf("\nA journal of %d entries: inserted in %v, put into the tree in %v (%.0f/s), searched by %s, written at %.0f/s\n", s.size, s.inserted.Round(time.Second), s.integrated.Round(time.Second),
		float64(s.size)/s.integrated.Seconds(), s.weight, float64(s.size)/s.followed.Seconds())
	own, err := db.Open(b.Context(), db.Options{URL: s.App, MaxConns: 2})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(own.Close)
	s.signing = &signing{World: s.World, signer: s.keys.Journal, integratorDB: own, state: file}
	for n := range 16 {
		s.signing.by = append(s.signing.by, s.Aidant(b, s.Here, "writer-"+strconv.Itoa(n)))
	}
	return s
}

// open lets what was signed be searched too, starts the server and signs an auditor in.
func (s *searches) open(b *testing.B) {
	b.Helper()
	if err := search.NewFollower(s.DB, nil).CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	auditors := s.OpenAuditor(b)
	s.finder = search.NewFinder(auditors)
	var err error
	if s.log, err = tree.OpenLog(auditors, s.keys.Journal.Keys(), ""); err != nil {
		b.Fatal(err)
	}
	s.browser = s.signIn(b, s.Newcomer(b, journal.Auditor, uuid.Nil, "auditrice"), 1, []uuid.UUID{uuid.Nil}, newWire(s.serve(b).url))[0]
}

const (
	searchedHouses  = 500
	searchedPeople  = 2000
	searchedClients = 40
)

var searchedKeys = []string{"impots-declaration", "caf-rsa", "carte-grise", "logement-apl", "ameli-cmu", "retraite-dossier", "permis-points", "ecole-inscription"}

// entries is SQL: $1 to $2 of made-up entries of $3, in which some organisations, people and procedures are much more frequent than others.
const entries = `insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body, session_id)
	select at, action, house, person, citizen, mandate, sha256(n::text::bytea),
		'{"action":"' || action || '","at":"' || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","by":{"kind":"aidant","person":"' || person || '"},"citizen":"' || citizen || '","detail":{"client":"' || client
			|| '","login":"' || md5('l' || n)::uuid || '","procedure":"' || key || '","procedure_is":"declared","service":"unknown","theme":"argent"},"mandate":"' || mandate || '","organisation":"' || house || '"}',
		sha256(('s' || n / 20)::bytea)
	from (select n, timestamptz '2025-01-01 00:00Z' + interval '300 days' * (n::float / $3) as at, (array['power.used', 'power.used', 'power.accounted', 'mandate.consulted', 'mandate.signed', 'session.opened', 'power.refused'])[1 + n % 7] as action,
			md5('h' || floor(500 * power(h, 3)))::uuid as house, md5('p' || floor(500 * power(h, 3)) * 4 + n % 4)::uuid as person, md5('c' || n / 5)::uuid as citizen, md5('m' || n / 4)::uuid as mandate,
			$4::text[] as keys, ($4::text[])[1 + floor(cardinality($4::text[]) * power(random(), 2))::int] as key, case when n % 10 = 0 then 'service-' || n / 10 % 40 else 'franceconnect' end as client
		from (select n, random() as h from generate_series($1::bigint, $2::bigint) n) r) e`

func searched(kind string, n int) uuid.UUID {
	return uuid.UUID(md5.Sum([]byte(kind + strconv.Itoa(n))))
}

// fill makes the journal, its tree and what it is searched by.
func (s *searches) fill(b *testing.B, d *dbtest.Database, keys *keyring.Keyring, file string) {
	b.Helper()
	const step = 200_000
	conn := d.Connect(b, d.Superuser)
	if _, err := conn.Exec(b.Context(), `set synchronous_commit = off`); err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	for first := 0; first < s.size; first += step {
		if _, err := conn.Exec(b.Context(), entries, first, min(first+step, s.size)-1, s.size, searchedKeys); err != nil {
			b.Fatal(err)
		}
	}
	s.inserted = time.Since(begun)
	begun = time.Now()
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: d.DB, Signer: keys.Journal, StateFile: file})
	if err != nil {
		b.Fatal(err)
	}
	if err := in.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.integrated = time.Since(begun)
	begun = time.Now()
	if err := search.NewFollower(d.DB, nil).CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.followed = time.Since(begun)
	if err := conn.QueryRow(b.Context(), `select pg_size_pretty(pg_total_relation_size('journal_search_term') + pg_total_relation_size('journal_search_block')) || ' beside ' || pg_size_pretty(pg_total_relation_size('journal_entry'))`).Scan(&s.weight); err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{`analyze`, `vacuum journal_search_term`} { // as autovacuum does, in its time
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}

// searchKind is a sort of question, drawn anew each time: asked of the database, it tells how many entries it found; path is the page that answers it.
type searchKind struct {
	name string
	draw func() (ask func(context.Context) (int, error), path string)
}

// by is a search.
func (s *searches) by(name string, draw func() (search.Filter, url.Values)) searchKind {
	return searchKind{name, func() (func(context.Context) (int, error), string) {
		filter, values := draw()
		return func(ctx context.Context) (int, error) {
			page, err := s.finder.Find(ctx, filter, 50)
			return len(page.Entries), err
		}, "/audit/journal?" + values.Encode()
	}}
}

// proof is of any entry.
func (s *searches) proof() (func(context.Context) (int, error), string) {
	index := s.chance.Int64N(int64(s.size))
	return func(ctx context.Context) (int, error) {
		_, _, err := s.log.Prove(ctx, index)
		return 1, err
	}, "/audit/journal/" + strconv.FormatInt(index, 10)
}

func (s *searches) kinds() []searchKind {
	house := func() int { return s.chance.IntN(searchedHouses) }
	readings := search.Readings()
	days := func() (time.Time, time.Time, url.Values) {
		from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, s.chance.IntN(290))
		return from, from.AddDate(0, 0, 7), url.Values{"du": {from.Format(time.DateOnly)}, "au": {from.AddDate(0, 0, 6).Format(time.DateOnly)}}
	}
	with := func(v url.Values, name, value string) url.Values { v.Set(name, value); return v }
	return []searchKind{
		s.by("everything, the newest", func() (search.Filter, url.Values) { return search.Filter{Except: readings}, url.Values{} }),
		s.by("an organisation", func() (search.Filter, url.Values) {
			id := searched("h", house())
			return search.Filter{Organisation: id, Except: readings}, url.Values{"structure": {id.String()}}
		}),
		s.by("an aidant", func() (search.Filter, url.Values) {
			id := searched("p", s.chance.IntN(searchedPeople))
			return search.Filter{Person: id, Except: readings}, url.Values{"personne": {id.String()}}
		}),
		s.by("a service", func() (search.Filter, url.Values) {
			name := "service-" + strconv.Itoa(s.chance.IntN(searchedClients))
			return search.Filter{Service: name, Except: readings}, url.Values{"service": {name}}
		}),
		s.by("an organisation, a procedure and an action", func() (search.Filter, url.Values) {
			id, key := searched("h", house()), searchedKeys[s.chance.IntN(len(searchedKeys))]
			return search.Filter{Organisation: id, Procedure: key, Actions: []string{"mandate.signed"}}, url.Values{"structure": {id.String()}, "demarche": {key}, "acte": {"mandate.signed"}}
		}),
		s.by("an organisation in one week", func() (search.Filter, url.Values) {
			id := searched("h", house())
			from, to, v := days()
			return search.Filter{Organisation: id, From: from, To: to, Except: readings}, with(v, "structure", id.String())
		}),
		s.by("an action in one week", func() (search.Filter, url.Values) {
			from, to, v := days()
			return search.Filter{Actions: []string{"power.refused"}, From: from, To: to}, with(v, "acte", "power.refused")
		}),
		s.by("nothing: an aidant of another organisation", func() (search.Filter, url.Values) {
			n := house()
			id, who := searched("h", n), searched("p", (n+1)%searchedHouses*4)
			return search.Filter{Organisation: id, Person: who, Except: readings}, url.Values{"structure": {id.String()}, "personne": {who.String()}}
		}),
		s.by("nothing: two frequent things never together", func() (search.Filter, url.Values) {
			return search.Filter{Organisation: searched("h", 0), Person: searched("p", 4), Service: "franceconnect", Actions: []string{"power.used"}},
				url.Values{"structure": {searched("h", 0).String()}, "personne": {searched("p", 4).String()}, "service": {"franceconnect"}, "acte": {"power.used"}}
		}),
		s.by("a citizen", func() (search.Filter, url.Values) {
			id := searched("c", s.chance.IntN(s.size/5))
			return search.Filter{Citizen: id, Except: readings}, url.Values{"usager": {id.String()}}
		}),
		s.by("a mandate", func() (search.Filter, url.Values) {
			id := searched("m", s.chance.IntN(s.size/4))
			return search.Filter{Mandate: id, Except: readings}, url.Values{"mandat": {id.String()}}
		}),
		{"the proof of an entry", s.proof},
	}
}

// timed is how long a sort of question took.
type timed struct {
	database, page run
	found          float64
}

// ask asks many times in the database, and fewer times for the page.
func (s *searches) ask(b *testing.B, k searchKind) timed {
	b.Helper()
	const warm, asked, shown = 20, 200, 60
	var times, pages []time.Duration
	found := 0
	for n := range warm + asked {
		question, _ := k.draw()
		begun := time.Now()
		some, err := question(b.Context())
		if err != nil {
			b.Fatalf("%s: %v", k.name, err)
		}
		if n >= warm {
			times, found = append(times, time.Since(begun)), found+some
		}
	}
	for range shown {
		_, path := k.draw()
		begun := time.Now()
		a, err := s.browser.do(b.Context(), http.MethodGet, path, nil, "")
		if err != nil || a.status != http.StatusOK {
			b.Fatalf("%s: %d, %v", k.name, a.status, err)
		}
		pages = append(pages, time.Since(begun))
	}
	of := func(times []time.Duration) run { return run{p50: percentile(times, 0.5), p99: percentile(times, 0.99)} }
	return timed{of(times), of(pages), float64(found) / asked}
}
