package recipient_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/recipient"
)

// The fraud team finds what became of logins by time, and by the sub that FranceConnect was given; it sees no name, no mandate and no procedure, and each search is an entry.
func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	citizen, mandate := uuid.New(), uuid.New()
	w.act(w.Jeanne, "mandate.ended", citizen, uuid.New(), map[string]any{"reason": "revoked"}) // of one that was never used
	w.login(w.Jeanne, citizen, mandate, franceConnect)
	w.login(w.Ines, uuid.New(), uuid.New(), franceConnect)
	w.login(w.Jeanne, citizen, uuid.New(), "a-service")
	w.act(w.Jeanne, "power.refused", uuid.Nil, uuid.Nil, map[string]any{"client": franceConnect, "step": "authorize", "reason": "aidant_inactive"})
	w.act(w.Jeanne, "mandate.ended", citizen, mandate, map[string]any{"reason": "revoked"})
	found := w.search(w.lately())
	var got []string
	for _, s := range found.Seen {
		got = append(got, strings.TrimSpace(s.Action+" "+s.Outcome))
		if s.Index != -1 || s.Organisation == "" || s.Person == uuid.Nil {
			t.Errorf("%+v", s)
		}
	}
	if want := "mandate.ended revoked, power.refused aidant_inactive, power.used, power.used"; strings.Join(got, ", ") != want {
		t.Errorf("saw %v", got)
	}
	var about int
	w.behind(&about, `select count(*) from journal_entry where action = 'recipient.searched' and num_nonnulls(citizen_id, organisation_id) > 0`)
	if about != 0 {
		t.Error("a search about nobody is among somebody's entries")
	}
	one := w.lately()
	one.Citizen = citizen
	if found := w.search(one); len(found.Seen) != 2 || found.Seen[1].Citizen != citizen || found.Seen[1].Login == "" {
		t.Errorf("of one citizen: %+v", found)
	}
	if n := w.entries("recipient.searched", w.felix); n != 2 {
		t.Errorf("%d entries", n)
	}
	w.behind(&about, `select count(*) from journal_entry where action = 'recipient.searched' and citizen_id = $1 and organisation_id = $2`, citizen, w.Here)
	if about != 1 {
		t.Error("the search about a citizen is not among their entries")
	}
	var columns string
	w.behind(&columns, `select pg_get_function_result('recipient_fraud_entries'::regproc)`)
	for _, hidden := range []string{"body", "mandate", "procedure", "name", "salt", "session"} {
		if strings.Contains(columns, hidden) {
			t.Errorf("the database returns %s: %s", hidden, columns)
		}
	}
}

// A citizen is found by the sub that FranceConnect's sector has, and by no other one's.
func TestSearch_BySub(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, w.citizen(), "argent-impots-declaration")
	w.login(w.Jeanne, m.Citizen, m.ID, franceConnect)
	sub, other := strings.Repeat("a", 43), strings.Repeat("b", 43)
	conn := w.Connect(t, w.Superuser)
	for given, sector := range map[string]string{sub: franceConnect, other: "a-service"} {
		_, err := conn.Exec(t.Context(), `insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, $2, $3, $4, now())`, m.Citizen, sector, w.Here, given)
		w.must(err)
	}
	for name, c := range map[string]struct {
		sub  string
		of   uuid.UUID
		want int
	}{"given": {sub, uuid.Nil, 1}, "another sector's": {other, uuid.Nil, 0}, "nobody's": {strings.Repeat("c", 43), uuid.Nil, 0}, "not of the pseudonym": {sub, uuid.New(), 0}, "of the pseudonym": {sub, m.Citizen, 1}} {
		wanted := w.lately()
		wanted.Sub, wanted.Citizen = c.sub, c.of
		if found := w.search(wanted); len(found.Seen) != c.want {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// Who is not of the fraud team, or no more, or suspended, finds nothing, whatever their session says; nor does a time that is too long.
func TestSearch_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	for name, by := range w.others(journal.Fraud) {
		if found, err := w.register.Search(t.Context(), by, w.lately()); !errors.Is(err, org.ErrMayNot) || len(found.Seen) > 0 {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	now := w.Clock.Now()
	for name, wanted := range map[string]recipient.Wanted{
		"too long": {Since: now.Add(-recipient.Span - 61*time.Minute), Until: now}, "empty": {Since: now, Until: now}, "backwards": {Since: now, Until: now.Add(-time.Hour)},
		"too long for one": {Since: now.Add(-recipient.SpanOfOne - 61*time.Minute), Until: now, Citizen: uuid.New()}, "no sub": {Since: now.Add(-time.Hour), Until: now, Sub: "x"},
	} {
		if _, err := w.register.Search(t.Context(), w.felix, wanted); !errors.Is(err, recipient.ErrSpan) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.Directory.Suspend(t.Context(), w.adele, w.felix.Person))
	if _, err := w.register.Search(t.Context(), w.felix, w.lately()); !errors.Is(err, org.ErrMayNot) {
		t.Error("suspended:", err)
	}
	w.must(w.Directory.Resume(t.Context(), w.adele, w.felix.Person))
	w.search(w.lately())
	w.must(w.Directory.EndReceiving(t.Context(), w.adele, w.felix.Person))
	if _, err := w.register.Search(t.Context(), w.felix, w.lately()); !errors.Is(err, org.ErrMayNot) {
		t.Error("ended:", err)
	}
}

// What is older than a page comes after it, and nothing of another time does.
func TestSearch_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect) // long before
	w.Clock.Advance(40 * 24 * time.Hour)
	for range 53 {
		w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	}
	wanted := w.lately()
	first := w.search(wanted)
	wanted.Before = first.Next
	second := w.search(wanted)
	wanted.Citizen, wanted.Sub = uuid.New(), strings.Repeat("a", 43)
	w.search(wanted)
	var sorts []string
	w.behind(&sorts, `select array_agg(body::jsonb #>> '{detail,filters}' order by id) from journal_entry where action = 'recipient.searched'`)
	if want := `["from", "to"], ["from", "to", "page"], ["from", "to", "sub", "citizen", "page"]`; strings.Join(sorts, ", ") != want {
		t.Errorf("the entries tell of %v", sorts)
	}
	if len(first.Seen) != 50 || len(second.Seen) != 3 || second.Next != 0 || second.Seen[0].ID >= first.Seen[49].ID {
		t.Errorf("%d, then %d", len(first.Seen), len(second.Seen))
	}
	early := recipient.Wanted{Since: w.Clock.Now().Add(-41 * 24 * time.Hour), Until: w.Clock.Now().Add(-39 * 24 * time.Hour)}
	if found := w.search(early); len(found.Seen) != 1 {
		t.Errorf("of before: %+v", found)
	}
}

// What is looked through for a page has a limit; the next page goes on there, and nothing is left out. Of one citizen all is looked through.
func TestSearch_GoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register.LookThrough(4)
	citizen := uuid.New()
	w.login(w.Jeanne, citizen, uuid.New(), franceConnect)
	for range 9 {
		w.act(w.Jeanne, "mandate.ended", citizen, uuid.New(), map[string]any{"reason": "revoked"}) // of one that was never used
	}
	w.login(w.Jeanne, citizen, uuid.New(), franceConnect)
	wanted := w.lately()
	for n, seen := range []int{1, 0, 1} {
		var at time.Time
		found := w.search(wanted)
		if last := n == 2; len(found.Seen) != seen || (found.Next == 0) != last || found.Reached.IsZero() != last {
			t.Fatalf("page %d: %+v", n, found)
		}
		if found.Next > 0 {
			w.behind(&at, `select at from journal_entry where id = $1 - 1`, found.Next)
			if !at.Equal(found.Reached) {
				t.Errorf("page %d says that it reached %v, which is %v", n, found.Reached, at)
			}
		}
		wanted.Before = found.Next
	}
	one := w.lately()
	one.Citizen = citizen
	if found := w.search(one); len(found.Seen) != 2 || found.Next != 0 || !found.Reached.IsZero() {
		t.Errorf("of one citizen: %+v", found)
	}
}

// A page that is not full is looked for further on, up to its limit.
func TestSearch_LooksFurther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	for range 254 {
		w.act(w.Jeanne, "mandate.ended", uuid.New(), uuid.New(), map[string]any{"reason": "revoked"}) // of one that was never used
	}
	w.login(w.Jeanne, uuid.New(), uuid.New(), franceConnect)
	if found := w.search(w.lately()); len(found.Seen) != 2 || found.Next != 0 || !found.Reached.IsZero() || found.Seen[0].ID <= found.Seen[1].ID {
		t.Errorf("%+v", found)
	}
	w.register.LookThrough(253)
	wanted := w.lately()
	first := w.search(wanted)
	wanted.Before = first.Next
	if second := w.search(wanted); len(first.Seen) != 1 || first.Reached.IsZero() || len(second.Seen) != 1 || second.Next != 0 {
		t.Errorf("%+v, then %+v", first, second)
	}
}

// Without the scope that is taken from the reader's row, what recipients read through returns nothing to the program's own login.
func TestScope_NothingWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, w.citizen(), "argent-impots-declaration")
	w.login(w.Jeanne, m.Citizen, m.ID, franceConnect)
	w.catchUp()
	_, err := w.Connect(t, w.Superuser).Exec(t.Context(), `insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, $2, $3, $4, now())`, m.Citizen, franceConnect, w.Here, strings.Repeat("a", 43))
	w.must(err)
	conn := w.Connect(t, w.App)
	for _, as := range []string{"", "prefecture", "prefecture ", "prefecture 2B", "auditor"} {
		for what, sql := range map[string]string{
			"entries":       `select count(*) from recipient_fraud_entries('{franceconnect}', null, now() - interval '1 day', now() + interval '1 day', 0, 1000000, 10)`,
			"span":          `select count(*) from recipient_fraud_span(now() - interval '1 day', now() + interval '1 day', null, 10)`,
			"places":        `select recipient_fraud_holds('{franceconnect}', (select array_agg(index) from journal_leaf))`,
			"citizens":      `select count(*) from recipient_fraud_citizen('{franceconnect}', repeat('a', 43))`,
			"organisations": `select count(*) from recipient_organisations()`,
			"acts":          `select count(*) from recipient_acts(null, now() - interval '1 day', now() + interval '1 day')`,
			"findings":      `select count(*) from recipient_findings(null)`,
			"signals":       `select count(*) from recipient_signal`,
		} {
			if _, err := conn.Exec(t.Context(), `select set_config('mandat.recipient', $1, false)`, as); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != 0 {
				t.Errorf("as %q: %d %s, %v", as, n, what, err)
			}
		}
	}
}
