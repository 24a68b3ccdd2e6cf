package bench

import (
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

	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
)

// BenchmarkSearch prints how long auditors' searches take in a journal of made-up entries (MANDAT_SEARCH says how many), in the database and as a page, and how fast what they
// search by is written.
func BenchmarkSearch(b *testing.B) {
	size := 200_000
	if text := os.Getenv("MANDAT_SEARCH"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	d := dbtest.NewDurable(b, shipped, quarter)
	s := &searches{chance: rand.New(rand.NewPCG(1, 2)), size: size}
	p := placeOn(b, d, func(keys *keyring.Keyring, state string) { s.fill(b, d, keys, state) })
	server := p.serve(b)
	s.finder = search.NewFinder(d.OpenAuditor(b))
	s.browser = p.signIn(b, p.Newcomer(b, journal.Auditor, uuid.Nil, "auditrice"), 1, []uuid.UUID{uuid.Nil}, newWire(server.url))[0]
	fmt.Printf("\nSearch among %d entries (inserted in %v, put into the tree in %v, %d/s followed; %s of what is searched by)\n", size, s.inserted.Round(time.Second), s.integrated.Round(time.Second),
		int(float64(size)/s.followed.Seconds()), s.weight)
	s.meter = newMeter(b, d.Superuser)
	fmt.Printf("%-52s %8s %8s %8s %10s %8s %8s %8s  %s\n", "times in ms; CPU in us a search", "found", "p50", "p99", "PostgreSQL", "client", "page p50", "page p99", "budget 10 ms, page 50 ms")
	for _, k := range s.kinds() {
		s.print(b, k)
	}
	fmt.Println()
}

// searches is a filled journal, and who searches it.
type searches struct {
	size                           int
	chance                         *rand.Rand
	finder                         *search.Finder
	meter                          *meter
	browser                        *browser
	inserted, integrated, followed time.Duration
	weight                         string
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
func (s *searches) fill(b *testing.B, d *dbtest.Database, keys *keyring.Keyring, state string) {
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
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: d.DB, Signer: keys.Journal, StateFile: filepath.Join(state, "checkpoint")})
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
	if _, err := conn.Exec(b.Context(), `analyze`); err != nil {
		b.Fatal(err)
	}
}

// kind is a sort of search, drawn anew each time.
type searchKind struct {
	name string
	ask  func() (search.Filter, url.Values)
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
		{"everything, the newest", func() (search.Filter, url.Values) { return search.Filter{Except: readings}, url.Values{} }},
		{"an organisation", func() (search.Filter, url.Values) {
			id := searched("h", house())
			return search.Filter{Organisation: id, Except: readings}, url.Values{"structure": {id.String()}}
		}},
		{"an aidant", func() (search.Filter, url.Values) {
			id := searched("p", s.chance.IntN(searchedPeople))
			return search.Filter{Person: id, Except: readings}, url.Values{"personne": {id.String()}}
		}},
		{"a service", func() (search.Filter, url.Values) {
			name := "service-" + strconv.Itoa(s.chance.IntN(searchedClients))
			return search.Filter{Service: name, Except: readings}, url.Values{"service": {name}}
		}},
		{"an organisation, a procedure and an action", func() (search.Filter, url.Values) {
			id, key := searched("h", house()), searchedKeys[s.chance.IntN(len(searchedKeys))]
			return search.Filter{Organisation: id, Procedure: key, Actions: []string{"mandate.signed"}}, url.Values{"structure": {id.String()}, "demarche": {key}, "acte": {"mandate.signed"}}
		}},
		{"an organisation in one week", func() (search.Filter, url.Values) {
			id := searched("h", house())
			from, to, v := days()
			return search.Filter{Organisation: id, From: from, To: to, Except: readings}, with(v, "structure", id.String())
		}},
		{"an action in one week", func() (search.Filter, url.Values) {
			from, to, v := days()
			return search.Filter{Actions: []string{"power.refused"}, From: from, To: to}, with(v, "acte", "power.refused")
		}},
		{"nothing: an aidant of another organisation", func() (search.Filter, url.Values) {
			n := house()
			id, who := searched("h", n), searched("p", (n+1)%searchedHouses*4)
			return search.Filter{Organisation: id, Person: who, Except: readings}, url.Values{"structure": {id.String()}, "personne": {who.String()}}
		}},
		{"nothing: two frequent things never together", func() (search.Filter, url.Values) {
			return search.Filter{Organisation: searched("h", 0), Person: searched("p", 4), Service: "franceconnect", Actions: []string{"power.used"}},
				url.Values{"structure": {searched("h", 0).String()}, "personne": {searched("p", 4).String()}, "service": {"franceconnect"}, "acte": {"power.used"}}
		}},
		{"a citizen", func() (search.Filter, url.Values) {
			id := searched("c", s.chance.IntN(s.size/5))
			return search.Filter{Citizen: id, Except: readings}, url.Values{"usager": {id.String()}}
		}},
		{"a mandate", func() (search.Filter, url.Values) {
			id := searched("m", s.chance.IntN(s.size/4))
			return search.Filter{Mandate: id, Except: readings}, url.Values{"mandat": {id.String()}}
		}},
	}
}

// print asks many times in the database, and fewer times for the page.
func (s *searches) print(b *testing.B, k searchKind) {
	b.Helper()
	const asked, shown = 200, 60
	var times, pages []time.Duration
	found := 0
	before := s.meter.read(b)
	for n := range asked + 20 {
		if n == 20 {
			before = s.meter.read(b)
		}
		filter, _ := k.ask()
		begun := time.Now()
		page, err := s.finder.Find(b.Context(), filter, 50)
		if err != nil {
			b.Fatal(err)
		}
		if n >= 20 { // warm
			times, found = append(times, time.Since(begun)), found+len(page.Entries)
		}
	}
	spent := s.meter.read(b).since(before)
	for range shown {
		_, values := k.ask()
		begun := time.Now()
		a, err := s.browser.do(b.Context(), http.MethodGet, "/audit/journal?"+values.Encode(), nil, "")
		if err != nil || a.status != http.StatusOK {
			b.Fatalf("%s: %d, %v", k.name, a.status, err)
		}
		pages = append(pages, time.Since(begun))
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%-52s %8.1f %8.2f %8.2f %10d %8d %8.1f %8.1f\n", k.name, float64(found)/asked, ms(percentile(times, 0.5)), ms(percentile(times, 0.99)), spent.database.Microseconds()/asked, spent.self.Microseconds()/asked, ms(percentile(pages, 0.5)), ms(percentile(pages, 0.99)))
}
