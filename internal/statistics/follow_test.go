package statistics

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// right expects the tables to say what the entries say.
func (w *world) right(t *testing.T, what string) {
	t.Helper()
	for _, month := range []bool{false, true} {
		if have := w.have(t, month); !maps.Equal(have, want(w.made, month)) {
			t.Errorf("%s (months: %t): the tables say %d numbers, the entries %d", what, month, len(have), len(want(w.made, month)))
		}
	}
}

// Counts are what a recount gives, in however many goes, by however many servers at once; and they stay when entries are forgotten.
func TestCount_IsARecount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register.step = 97
	must(t, w.register.Count(t.Context()))
	w.right(t, "nothing")
	w.add(t, w.anything(700)...)
	must(t, w.register.Count(t.Context()))
	w.right(t, "the first")
	if len(want(w.made, false)) < 100 {
		t.Fatal("too few to say anything")
	}
	must(t, w.register.Count(t.Context()))
	w.right(t, "again")
	w.begun = w.begun.AddDate(0, 0, 20)
	w.add(t, w.anything(500)...)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if err := New(w.DB, w.Journal, w.Clock).Count(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.right(t, "six servers")
	w.forget(t, w.made[3].whose, w.made[600].whose, w.made[900].whose)
	must(t, w.register.Count(t.Context()))
	w.right(t, "forgotten")
}

// What was read, and how far, is written in one transaction: a server that goes down at either leaves nothing behind.
func TestCount_IsOneTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, w.anything(200)...)
	for _, table := range []string{"statistics_day", "statistics_month", "statistics_follow"} {
		w.do(t, `create or replace function fails() returns trigger language plpgsql as 'begin raise exception ''the server went down''; end';
			create trigger fails before insert or update on `+table+` for each row execute function fails()`)
		if err := w.register.Count(t.Context()); err == nil {
			t.Fatalf("%s: nothing failed", table)
		}
		if n := len(w.have(t, false)) + len(w.have(t, true)); n != 0 {
			t.Errorf("%s: %d rows stand", table, n)
		}
		w.do(t, `drop trigger fails on `+table)
	}
	must(t, w.register.Count(t.Context()))
	w.right(t, "after that")
}

// A step ends before the next begins.
func TestRead_Between(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, w.anything(200)...)
	var end int64
	must(t, w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) (err error) { _, end, err = stands(t.Context(), tx); return err }))
	var all, parts []int64
	for _, step := range [][]int64{{0, end}, {0, end - 100}, {end - 100, end}} {
		into := &parts
		if step[0] == 0 && step[1] == end {
			into = &all
		}
		must(t, w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
			return read(t.Context(), tx, step[0], step[1], Actions(), func(a *act) { *into = append(*into, a.index) })
		}))
	}
	if len(all) == 0 || !slices.Equal(all, parts) {
		t.Errorf("%v, and in two steps %v", all, parts)
	}
}

// The program's own login takes no count away, and a referent's statements see their own organisation's alone.
func TestTables_AreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, w.anything(200)...)
	must(t, w.register.Count(t.Context()))
	for _, sql := range []string{`delete from statistics_day`, `delete from statistics_month`, `update statistics_day set day = day + 1`, `update statistics_line set acts = 99`, `delete from statistics_edition`,
		`update statistics_edition set lines = 0`} {
		err := w.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), sql); return err })
		if err == nil {
			t.Errorf("may: %s", sql)
		}
	}
	for name, scope := range map[string]db.Scope{"an organisation's": db.InOrganisation(w.Here), "nobody's": db.Nothing()} {
		var others, own int
		err := w.DB.Write(t.Context(), scope, db.Soon, func(tx *db.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) filter (where organisation_id <> $1), count(*) filter (where organisation_id = $1) from (select organisation_id from statistics_day union all select organisation_id from statistics_month) s`, w.Here).Scan(&others, &own)
		})
		must(t, err)
		if others != 0 || (own > 0) != (name == "an organisation's") {
			t.Errorf("%s scope: %d rows of its own, %d of others", name, own, others)
		}
	}
}
