package search

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/token"
)

// world is a journal of made-up entries, which a test knows without asking for them.
type world struct {
	*dbtest.Database
	in      *tree.Integrator
	follow  *Follower
	find    *Finder
	chance  *rand.Rand
	acts    []act // by index in the log
	people  []uuid.UUID
	houses  []uuid.UUID
	clients []string
	keys    []string
	actions []string
	begun   time.Time
}

// act is what a test knows of an entry.
type act struct {
	at                                   time.Time
	action                               string
	house, by, subject, citizen, mandate uuid.UUID
	client, procedure                    string
	powers                               []string
	session                              []byte
	gone                                 bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d := dbtest.New(t)
	in := treetest.Integrator(t, tree.IntegratorOptions{DB: d.DB})
	w := &world{Database: d, in: in, follow: NewFollower(d.DB, nil), find: NewFinder(d.OpenAuditor(t)), chance: rand.New(rand.NewPCG(1, 2)),
		clients: []string{"franceconnect", "service-a"}, keys: []string{"impots-declaration", "caf-rsa", "carte-grise"}, begun: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		actions: []string{"mandate.signed", "power.used", "power.refused", "session.opened", "journal.searched", "person.suspended"}}
	for range 7 {
		w.people = append(w.people, uuid.New())
	}
	for range 5 {
		w.houses = append(w.houses, uuid.New())
	}
	return w
}

// add adds n entries, each about a minute after the one before, now and then a little before it.
func (w *world) add(t testing.TB, n int) {
	t.Helper()
	pick := func(ids []uuid.UUID) uuid.UUID { return ids[w.chance.IntN(len(ids))] }
	fresh := make([]act, n)
	for i := range fresh {
		a := act{at: w.begun.Add(time.Duration(len(w.acts)+i)*time.Minute - time.Duration(w.chance.IntN(300))*time.Second), action: w.actions[w.chance.IntN(len(w.actions))],
			house: pick(w.houses), by: pick(w.people), citizen: uuid.New(), mandate: uuid.New(), session: []byte(fmt.Sprintf("%032d", w.chance.IntN(400)))}
		switch a.action {
		case "power.used", "power.refused":
			a.client, a.procedure = w.clients[w.chance.IntN(2)], w.keys[w.chance.IntN(3)]
		case "mandate.signed":
			a.powers = w.keys[:1+w.chance.IntN(3)]
		case "person.suspended":
			a.subject, a.citizen, a.mandate = pick(w.people), uuid.Nil, uuid.Nil
		case "journal.searched":
			a.house, a.citizen, a.mandate = uuid.Nil, uuid.Nil, uuid.Nil
		}
		fresh[i] = a
	}
	_, err := w.Connect(t, w.Superuser).CopyFrom(t.Context(), pgx.Identifier{"journal_entry"}, []string{"at", "action", "organisation_id", "person_id", "citizen_id", "mandate_id", "salt", "body", "session_id"},
		pgx.CopyFromSlice(n, func(i int) ([]any, error) { return fresh[i].row(), nil }))
	if err != nil {
		t.Fatal(err)
	}
	w.acts = append(w.acts, fresh...)
	if err := w.in.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (a act) row() []any {
	detail := map[string]any{}
	if a.subject != uuid.Nil {
		detail["person"] = a.subject.String()
	}
	if a.client != "" {
		detail["client"], detail["procedure"], detail["service"] = a.client, a.procedure, "unknown"
	}
	var powers []map[string]string
	for _, key := range a.powers {
		powers = append(powers, map[string]string{"procedure": key})
	}
	if powers != nil {
		detail["powers"], detail["procedures"] = powers, 3 // a member that is of another type elsewhere
	}
	body, _ := json.Marshal(map[string]any{"action": a.action, "detail": detail})
	null := func(id uuid.UUID) *uuid.UUID {
		if id == uuid.Nil {
			return nil
		}
		return &id
	}
	return []any{a.at, a.action, null(a.house), null(a.by), null(a.citizen), null(a.mandate), token.Bytes(32), string(body), a.session}
}

// fits is what Filter says, told again.
func (a act) fits(f Filter) bool {
	switch {
	case a.gone,
		f.Organisation != uuid.Nil && f.Organisation != a.house,
		f.Person != uuid.Nil && f.Person != a.by && f.Person != a.subject,
		f.Citizen != uuid.Nil && f.Citizen != a.citizen,
		f.Mandate != uuid.Nil && f.Mandate != a.mandate,
		f.Procedure != "" && f.Procedure != a.procedure && !slices.Contains(a.powers, f.Procedure),
		f.Service != "" && f.Service != a.client,
		len(f.Actions) > 0 && !slices.Contains(f.Actions, a.action),
		slices.Contains(f.Except, a.action),
		f.Session != nil && string(f.Session) != string(a.session),
		!f.From.IsZero() && a.at.Before(f.From),
		!f.To.IsZero() && !a.at.Before(f.To):
		return false
	}
	return true
}

// want lists the indexes of what fits, the newest first.
func (w *world) want(f Filter) []int64 {
	var out []int64
	for i := len(w.acts) - 1; i >= 0; i-- {
		if w.acts[i].fits(f) {
			out = append(out, int64(i))
		}
	}
	return out
}

// all turns every page of a search.
func (w *world) all(t testing.TB, f Filter, limit int) []int64 {
	t.Helper()
	var out []int64
	for range len(w.acts) + 2 {
		found, err := w.find.Find(t.Context(), f, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Entries) > limit || found.Missing != 0 {
			t.Fatalf("%d of %d entries, missing from %d", len(found.Entries), limit, found.Missing)
		}
		for _, e := range found.Entries {
			out = append(out, e.Index)
		}
		if found.Next == 0 {
			return out
		}
		if found.Reached.IsZero() && len(found.Entries) != limit {
			t.Fatalf("a page of %d that is not full, and says that there is more", len(found.Entries))
		}
		f.Before = found.Next
	}
	t.Fatal("the pages have no end")
	return nil
}

// filter draws any combination.
func (w *world) filter() Filter {
	var f Filter
	some := func(n int) bool { return w.chance.IntN(n) == 0 }
	a := w.acts[w.chance.IntN(len(w.acts))]
	if some(3) {
		f.Organisation = w.houses[w.chance.IntN(len(w.houses))]
	}
	if some(3) {
		f.Person = w.people[w.chance.IntN(len(w.people))]
	}
	if some(4) {
		f.Procedure = w.keys[w.chance.IntN(3)]
	}
	if some(4) {
		f.Service = w.clients[w.chance.IntN(2)]
	}
	if some(3) {
		f.Actions = w.actions[w.chance.IntN(3):][:1+w.chance.IntN(3)]
	} else if some(2) {
		f.Except = []string{"journal.searched", "journal.viewed"}
	}
	if some(6) {
		f.Session = a.session
	}
	if some(3) {
		f.From = a.at.Add(-time.Duration(w.chance.IntN(3000)) * time.Minute)
	}
	if some(3) {
		f.To = a.at.Add(time.Duration(w.chance.IntN(3000)) * time.Minute)
	}
	if some(8) {
		f.Citizen = a.citizen
	}
	if some(8) {
		f.Mandate = a.mandate
	}
	return f
}

// Whatever is asked for in whatever combination, what is found is what a look at every entry finds: in large blocks, small ones and no block yet, before and
// after more was added, and in pages of any length.
func TestFind_IsWhatALookAtEveryEntryFinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []int{100, 2*large + 2000, 300} {
		w.add(t, n)
		if err := w.follow.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 120 {
			f := w.filter()
			limit := []int{7, 50, 499}[w.chance.IntN(3)]
			want := w.want(f)
			if len(want) > 40*limit { // that many pages tell nothing more
				f.From = w.acts[want[10*limit]].at
				want = w.want(f)
			}
			if diff := cmp.Diff(want, w.all(t, f, limit)); diff != "" {
				t.Fatalf("of %d, %+v, by %d (-want +got):\n%s", len(w.acts), f, limit, diff)
			}
		}
	}
	var large_, small_ int
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) filter (where size = $1), count(*) filter (where size = $2) from journal_search_block`, large, small).Scan(&large_, &small_); err != nil {
		t.Fatal(err)
	}
	if large_ != 2 || small_ != (len(w.acts)-2*large)/small {
		t.Errorf("%d large blocks and %d small ones of %d entries", large_, small_, len(w.acts))
	}
}

// An entry is given back as it stands in the journal.
func TestFind_GivesTheWholeEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, small+1)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, small} {
		a := w.acts[i]
		found, err := w.find.Find(t.Context(), Filter{Session: a.session, From: a.at, To: a.at.Add(time.Microsecond)}, 5)
		if err != nil || len(found.Entries) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		e := found.Entries[0]
		if e.Index != int64(i) || e.ID == 0 || !e.At.Equal(a.at) || e.Action != a.action || e.Organisation != a.house || e.Person != a.by || e.Citizen != a.citizen || e.Mandate != a.mandate ||
			string(e.Session) != string(a.session) || len(e.Body) == 0 {
			t.Errorf("%+v, want %+v", e, a)
		}
	}
}

// A search that would take too long says how far it came, and goes on from there.
func TestFind_SaysHowFarItCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 3*large+10)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.find.reach = 1
	first := w.acts[5]
	f := Filter{Session: first.session, From: first.at.Add(-time.Hour), To: w.acts[len(w.acts)-1].at.Add(time.Hour), Person: first.by, Organisation: first.house, Actions: []string{first.action}}
	found, err := w.find.Find(t.Context(), f, 50)
	if err != nil || found.Next == 0 || found.Reached.IsZero() {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, e := range found.Entries {
		if e.At.Before(found.Reached.Add(-10 * time.Minute)) {
			t.Errorf("came to %v, and found %v", found.Reached, e.At)
		}
	}
	if diff := cmp.Diff(w.want(f), w.all(t, f, 50)); diff != "" {
		t.Errorf("going on (-want +got):\n%s", diff)
	}
}

// Entries that are in no block are found, up to some hundreds; more of them are said to be missing.
func TestFind_SaysWhatIsTooNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, tailRead+5)
	found, err := w.find.Find(t.Context(), Filter{}, Largest)
	if err != nil || found.Missing != tailRead || len(found.Entries) != Largest || found.Entries[0].Index != tailRead-1 {
		t.Errorf("missing from %d, newest %d, %v", found.Missing, found.Entries[0].Index, err)
	}
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err = w.find.Find(t.Context(), Filter{}, 3); err != nil || found.Missing != 0 || found.Entries[0].Index != tailRead+4 {
		t.Errorf("%+v, %v", found, err)
	}
}
