package unsealing_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// together runs all of these at once, and returns what each said.
func together(all ...func() error) []error {
	out := make([]error, len(all))
	var wait sync.WaitGroup
	begin := make(chan struct{})
	for i, f := range all {
		wait.Go(func() { <-begin; out[i] = f() })
	}
	close(begin)
	wait.Wait()
	return out
}

// However many decide at once, one decision stands; a suspension comes before or after.
func TestRace_OneDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	third := w.Newcomer(t, journal.Auditor, uuid.Nil, "tom")
	for range 10 {
		id := w.ask(t)
		won := 0
		for _, err := range together(
			func() error { return w.register.Grant(t.Context(), w.fresh(w.alma), id) }, func() error { return w.register.Grant(t.Context(), w.fresh(third), id) },
			func() error { return w.register.Refuse(t.Context(), w.alma, id) }, func() error { return w.register.Withdraw(t.Context(), w.sofia, id) },
			func() error { return w.register.Grant(t.Context(), w.fresh(w.sofia), id) },
		) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, db.ErrConflict) && !errors.Is(err, org.ErrYourself):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d decisions", won)
		}
	}
	w.sound(t)
}

// Looks and the end at once: each look is counted and has its entry, and none comes after the end.
func TestRace_LooksAndTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		id := w.granted(t)
		look := func() error { _, err := w.look(t, w.sofia, id); return err }
		for _, err := range together(look, look, look, func() error { return w.register.End(t.Context(), w.alma, id) }, look) {
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				t.Error(err)
			}
		}
		var after int
		w.row(t, `select count(*) from journal_entry e where e.action = 'unsealing.looked' and e.body::jsonb #>> '{detail,unsealing}' = $1
			and e.at > (select ended_at from unsealing where id = $1::uuid)`, []any{id.String()}, &after)
		if after != 0 {
			t.Errorf("%d looks after the end", after)
		}
	}
	w.sound(t)
}

// Who is suspended at the moment of the grant granted before, or not at all.
func TestRace_ASuspensionAndAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 5 {
		second := w.Newcomer(t, journal.Auditor, uuid.Nil, "second-"+string(rune('a'+n)))
		id := w.ask(t)
		out := together(func() error { return w.register.Grant(t.Context(), w.fresh(second), id) }, func() error { return w.Directory.Suspend(t.Context(), journal.Program(), second.Person) })
		if out[1] != nil || out[0] != nil && !errors.Is(out[0], org.ErrMayNot) {
			t.Error(out)
		}
		var wrong bool
		w.row(t, `select exists (select from journal_entry g join journal_entry s on s.action = 'person.suspended' and s.body::jsonb #>> '{detail,person}' = g.person_id::text and s.id < g.id
			where g.action = 'unsealing.granted' and g.body::jsonb #>> '{detail,unsealing}' = $1)`, []any{id.String()}, &wrong)
		if wrong {
			t.Error("granted after the suspension")
		}
		if out[0] != nil {
			if err := w.register.Withdraw(t.Context(), w.sofia, id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The database refuses what goes by no act: a grant by who asked, a look that is not counted, a way back, and a row that goes without its citizen.
func TestTable_HoldsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	granted := w.granted(t)
	asked := w.ask(t)
	conn := w.Connect(t, w.App)
	if _, err := conn.Exec(t.Context(), `set mandat.system = 'on'; set default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	for what, sql := range map[string]string{
		"granted without an entry":   `update unsealing set state = 'granted', decided_by = '` + w.alma.Person.String() + `', decided_at = now(), until = now() + interval '1 hour' where id = '` + asked.String() + `'`,
		"granted by who asked":       `update unsealing set state = 'granted', decided_by = asked_by, decided_at = now(), until = now() + interval '1 hour' where id = '` + asked.String() + `'`,
		"a look without an entry":    `update unsealing set looks = looks + 1, looked_at = decided_at where id = '` + granted.String() + `'`,
		"a look that is not counted": `update unsealing set looked_at = decided_at where id = '` + granted.String() + `'`,
		"a longer hour":              `update unsealing set until = until + interval '1 day' where id = '` + granted.String() + `'`,
		"asked again":                `update unsealing set state = 'asked', decided_by = null, decided_at = null, until = null where id = '` + granted.String() + `'`,
		"another subject":            `update unsealing set citizen_id = gen_random_uuid() where id = '` + granted.String() + `'`,
		"gone":                       `delete from unsealing where id = '` + granted.String() + `'`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", what)
		}
	}
	w.sound(t)
}
