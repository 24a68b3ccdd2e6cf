package recipient_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/recipient"
)

// What the database returns to each recipient, of one entry of every action that there is, are the actions of the table; a new one is seen by nobody.
func TestParts_AreWhatTheDatabaseShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	citizen, mandate, other := uuid.New(), uuid.New(), uuid.New()
	w.login(w.Jeanne, citizen, mandate, franceConnect)
	known := map[string]bool{}
	for _, a := range journal.Actions() {
		known[a.Name] = true
		detail := map[string]any{"client": franceConnect, "login": "l", "reason": "r", "procedure": "p", "person": w.Paul.Person.String()}
		w.act(w.Jeanne, a.Name, citizen, mandate, detail)
		detail["client"] = "a-service"
		w.act(w.Jeanne, a.Name, citizen, other, detail)
	}
	w.catchUp()
	shown := map[journal.Kind][]string{}
	wanted := w.lately()
	for {
		found := w.search(wanted)
		for _, s := range found.Seen {
			shown[journal.Fraud] = append(shown[journal.Fraud], s.Action)
		}
		if wanted.Before = found.Next; found.Next == 0 {
			break
		}
	}
	if n := len(shown[journal.Fraud]); n != len(recipient.PartOf(journal.Fraud).Acts)+1 {
		t.Errorf("the fraud team sees %d entries: also some of another client", n)
	}
	before, err := w.register.OfOrganisation(t.Context(), w.odile, uuid.Nil, 0)
	for ; err == nil && len(before.Done) > 0; before, err = w.register.OfOrganisation(t.Context(), w.odile, uuid.Nil, before.Next) {
		for _, d := range before.Done {
			shown[journal.Referent] = append(shown[journal.Referent], d.Action)
		}
		if before.Next == 0 {
			break
		}
	}
	w.must(err)
	department, err := w.register.Department(t.Context(), w.prune)
	w.must(err)
	m := department.Months[0]
	for action, n := range map[string]int{"mandate.signed": m.Signed, "mandate.ended": m.Ended, "power.used": m.Used, "power.accounted": m.Accounted} {
		if n > 0 {
			shown[journal.Prefecture] = append(shown[journal.Prefecture], action)
		}
	}
	var counted []string
	w.behind(&counted, `select array_agg(distinct action) from (select set_config('mandat.recipient', 'prefecture 75', false)) s, recipient_acts(null, now() - interval '1 day', now() + interval '1 day')`)
	shown[journal.Prefecture] = append(shown[journal.Prefecture], counted...)
	for _, p := range recipient.Parts() {
		acts := map[string]bool{}
		for _, a := range shown[p.Of] {
			acts[a] = true
		}
		want := slices.Sorted(slices.Values(p.Acts))
		if d := cmp.Diff(want, slices.Sorted(maps.Keys(acts))); d != "" {
			t.Errorf("%s (-table +database):\n%s", p.Of, d)
		}
		for _, a := range p.Acts {
			if !known[a] {
				t.Errorf("%s: there is no action %s", p.Of, a)
			}
		}
		if p.Why == "" || p.Rows == "" || len(p.Fields) == 0 {
			t.Errorf("%s: not said which, what or why", p.Of)
		}
	}
}
