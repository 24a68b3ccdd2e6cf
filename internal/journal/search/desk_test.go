package search_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
)

// desk is a place to read at, and an auditor.
type desk struct {
	*fixture.World
	*search.Desk
	in    *tree.Integrator
	sofia journal.Actor
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := fixture.New(t)
	in := treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB})
	d := &desk{World: w, in: in, Desk: search.NewDesk(w.OpenAuditor(t), w.Journal, in.Log()), sofia: w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")}
	d.sofia.Session = []byte("0123456789abcdef0123456789abcdef")
	return d
}

func (d *desk) catchUp(t *testing.T) {
	t.Helper()
	if err := d.in.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// readings counts the entries about what auditors read.
func (d *desk) readings(t *testing.T, where string, args ...any) (n int) {
	t.Helper()
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action in ('journal.searched', 'journal.viewed') and `+where, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each question of an auditor is an entry, once in a session within an hour; the same question of another session, or later, is another one.
func TestDesk_ASearchIsAnEntry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Tax)
	elsewhere := d.sofia
	elsewhere.Session = []byte("another session, another session")
	for n, step := range []struct {
		by    journal.Actor
		ask   search.Filter
		later time.Duration
		want  int
	}{
		{d.sofia, search.Filter{}, 0, 0}, // the newest of everything: every auditor's first page
		{d.sofia, search.Filter{Except: search.Readings()}, 0, 0},
		{d.sofia, search.Filter{Citizen: m.Citizen}, 0, 1},
		{d.sofia, search.Filter{Citizen: m.Citizen}, 59 * time.Minute, 1},
		{d.sofia, search.Filter{Citizen: m.Citizen, Actions: []string{"mandate.signed"}}, 0, 2},
		{elsewhere, search.Filter{Citizen: m.Citizen}, 0, 3},
		{d.sofia, search.Filter{Citizen: m.Citizen}, 2 * time.Minute, 4},
		{d.sofia, search.Filter{Mandate: m.ID}, 0, 5},
		{d.sofia, search.Filter{Before: 3}, 0, 6},
		{d.sofia, search.Filter{Citizen: d.Here}, 0, 7}, // nobody's id is nobody's entry
	} {
		d.Clock.Advance(step.later)
		found, err := d.Search(t.Context(), step.by, step.ask, 10)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.readings(t, "true"); got != step.want {
			t.Errorf("step %d: %d readings, want %d", n, got, step.want)
		}
		if step.ask.Citizen == m.Citizen && len(found.Entries) == 0 {
			t.Errorf("step %d: nothing found", n)
		}
	}
	if n := d.readings(t, `citizen_id = $1 and organisation_id = $3 and person_id = $2 and body::jsonb #> '{detail,filters}' = '["citizen"]'`, m.Citizen, d.sofia.Person, d.Here); n != 3 {
		t.Errorf("%d readings name the citizen", n)
	}
	found, err := d.Search(t.Context(), d.sofia, search.Filter{Citizen: m.Citizen, Actions: []string{"journal.searched"}}, 10)
	if err != nil || len(found.Entries) != 5 {
		t.Errorf("%d readings are found, %v", len(found.Entries), err)
	}
}

// Who is no auditor, or none any more, reads nothing, and no entry says that they did.
func TestDesk_AuditorsAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Tax)
	suspended := d.Newcomer(t, journal.Auditor, uuid.Nil, "sam")
	if err := d.Directory.Suspend(t.Context(), journal.Program(), suspended.Person); err != nil {
		t.Fatal(err)
	}
	d.catchUp(t)
	pretends := d.Jeanne
	pretends.Kind = journal.Auditor
	for what, by := range map[string]journal.Actor{"an aidant": d.Jeanne, "an administrator": d.Administrator(t, "alix"), "suspended": suspended, "the program": journal.Program(), "an aidant who says so": pretends} {
		if found, err := d.Search(t.Context(), by, search.Filter{Citizen: m.Citizen}, 10); !errors.Is(err, search.ErrNotAuditor) {
			t.Errorf("%s searches: %d, %v", what, len(found.Entries), err)
		}
		if _, err := d.View(t.Context(), by, 0); !errors.Is(err, search.ErrNotAuditor) {
			t.Errorf("%s looks: %v", what, err)
		}
		if _, _, err := d.Prove(t.Context(), by, 0); !errors.Is(err, search.ErrNotAuditor) {
			t.Errorf("%s proves: %v", what, err)
		}
	}
	if n := d.readings(t, "true"); n != 0 {
		t.Errorf("%d readings", n)
	}
}

// An entry that is opened shows what stands beside it and what else was done in its session; to open it, and to take its proof, are readings.
func TestDesk_AnEntry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jeanne := d.Jeanne
	jeanne.Session = []byte("the session of somebody who acts")
	m := d.Sign(t, jeanne, fixture.Angela(), fixture.Tax)
	if _, err := d.Mandates.Consult(t.Context(), jeanne, m.ID, "mandate"); err != nil {
		t.Fatal(err)
	}
	d.catchUp(t)
	found, err := d.Search(t.Context(), d.sofia, search.Filter{Mandate: m.ID, Actions: []string{"mandate.signed"}}, 2)
	if err != nil || len(found.Entries) != 1 {
		t.Fatal(found, err)
	}
	index := found.Entries[0].Index
	for range 2 {
		v, err := d.View(t.Context(), d.sofia, index)
		if err != nil || v.Entry == nil || v.Entry.Mandate != m.ID || v.Commitment == [32]byte{} {
			t.Fatalf("%+v, %v", v, err)
		}
		if len(v.Near) < 3 || v.Near[0].Index >= index || v.Near[len(v.Near)-1].Index <= index || !slices.ContainsFunc(v.Near, func(n search.Near) bool { return n.Index == index }) {
			t.Errorf("beside %d: %+v", index, v.Near)
		}
		if !slices.ContainsFunc(v.Session, func(e journal.Entry) bool { return e.Action == "mandate.consulted" }) || slices.ContainsFunc(v.Session, func(e journal.Entry) bool { return e.Index == index || string(e.Session) != string(jeanne.Session) }) {
			t.Errorf("in the same session: %+v", v.Session)
		}
	}
	if n := d.readings(t, `body::jsonb -> 'detail' = jsonb_build_object('index', $1::bigint, 'page', 'entry') and citizen_id = $2 and mandate_id = $3 and organisation_id = $4`, index, m.Citizen, m.ID, d.Here); n != 1 {
		t.Errorf("%d readings of the entry", n)
	}
	proof, line, err := d.Prove(t.Context(), d.sofia, index)
	if err != nil || len(proof) == 0 || !strings.Contains(string(line), m.ID.String()) {
		t.Errorf("%s, %s, %v", proof, line, err)
	}
	if n := d.readings(t, `body::jsonb -> 'detail' = jsonb_build_object('index', $1::bigint, 'page', 'proof')`, index); n != 1 {
		t.Errorf("%d readings of the proof", n)
	}
	shown, err := d.Journal.OfMandate(t.Context(), jeanne, m.ID, 100)
	if err != nil || slices.ContainsFunc(shown, func(e journal.Entry) bool { return strings.HasPrefix(e.Action, "journal.") }) {
		t.Errorf("the organisation is shown what the auditor read: %v, %v", shown, err)
	}
	for _, none := range []int64{-1, 1 << 40} {
		if _, err := d.View(t.Context(), d.sofia, none); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("entry %d: %v", none, err)
		}
		if _, _, err := d.Prove(t.Context(), d.sofia, none); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("proof of %d: %v", none, err)
		}
	}
}
