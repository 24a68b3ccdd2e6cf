package search

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// forget deletes entries of the log, as what destroys them does.
func (w *world) forget(t testing.TB, indexes ...int64) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`alter table journal_entry disable trigger user`, `alter table journal_entry enable trigger journal_entry_searched`} { // that it may not be done so is another test's
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(t.Context(), `delete from journal_entry e using journal_leaf l where l.entry_id = e.id and l.index = any ($1)`, indexes); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `alter table journal_entry enable trigger user`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, i := range indexes {
		w.acts[i].gone = true
	}
}

// held are the places of the log at which any term stands.
func (w *world) held(t testing.TB) map[int64]bool {
	t.Helper()
	out := map[int64]bool{}
	rows, err := w.Connect(t, w.Superuser).Query(t.Context(), `select b.first, b.size, s.places from journal_search_term s join journal_search_block b using (first)`)
	if err != nil {
		t.Fatal(err)
	}
	var first int64
	var size int
	var b []byte
	if _, err := pgx.ForEachRow(rows, []any{&first, &size, &b}, func() error {
		decode(b, size).last(func(n int) bool { out[first+int64(n)] = true; return true })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// What was forgotten is found by nothing, and nothing says any more what it was found by: in a large block, a small one and in none.
func TestFollower_Forgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, large+small+20)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := []int64{3, 700, large + 7, large + small + 1}
	before := w.held(t)
	for _, i := range gone[:3] {
		if !before[i] {
			t.Fatalf("nothing stands at %d", i)
		}
	}
	w.forget(t, gone...)
	for _, i := range gone { // at once
		found, err := w.find.Find(t.Context(), Filter{Session: w.acts[i].session, From: w.acts[i].at, To: w.acts[i].at.Add(time.Microsecond)}, 10)
		if err != nil || len(found.Entries) != 0 {
			t.Errorf("%d is found: %+v, %v", i, found, err)
		}
	}
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := w.held(t)
	for _, i := range gone {
		if after[i] {
			t.Errorf("what was at %d is still said", i)
		}
	}
	if len(after) != len(before)-3 {
		t.Errorf("%d places are left of %d", len(after), len(before))
	}
	w.add(t, small)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var marks int
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_search_stale`).Scan(&marks); err != nil || marks != 0 {
		t.Errorf("%d marks are left, %v", marks, err)
	}
	f := Filter{Organisation: w.acts[3].house}
	if got, want := len(w.all(t, f, 400)), len(w.want(f)); got != want {
		t.Errorf("%d entries of an organisation, want %d", got, want)
	}
}

// Servers take turns: the one that leads works, another one does when it has not been heard of.
func TestFollower_OneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 4*small)
	other := NewFollower(w.DB, nil)
	if more, err := w.follow.Step(t.Context()); !more || err != nil {
		t.Fatal(more, err)
	}
	if more, err := other.Step(t.Context()); more || err != nil {
		t.Fatal("two lead", err)
	}
	w.lapse(t)
	if more, err := other.Step(t.Context()); !more || err != nil {
		t.Fatal(more, err)
	}
	if more, err := w.follow.Step(t.Context()); more || err != nil {
		t.Fatal("the one before leads still", err)
	}
}

// lapse lets the leader's time run out.
func (w *world) lapse(t testing.TB) {
	t.Helper()
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `update journal_search_lead set until = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
}

// A server that was overtaken writes nothing of what it read before: it would bring back what was forgotten meanwhile.
func TestFollower_OvertakenBringsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, small)
	slow := task{first: 0, size: small, stale: -1}
	if err := w.DB.Write(t.Context(), db.System(), db.Soon, func(tx *db.Tx) error { _, err := w.follow.lead(t.Context(), tx); return err }); err != nil {
		t.Fatal(err)
	}
	read, err := w.follow.build(t.Context(), 0, small)
	if err != nil {
		t.Fatal(err)
	}
	w.lapse(t)
	other := NewFollower(w.DB, nil)
	if err := other.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.forget(t, 9)
	if err := other.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = w.DB.Write(t.Context(), db.System(), db.Soon, func(tx *db.Tx) error { return w.follow.finish(t.Context(), tx, slow, read) })
	if !errors.Is(err, errOther) || w.held(t)[9] {
		t.Errorf("%v; what was forgotten is back: %t", err, w.held(t)[9])
	}
}

// Only the program writes there, and no organisation's scope shows it.
func TestSearch_IsNoOrganisations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, small)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"journal_search_block", "journal_search_term"} {
		for scope, want := range map[string]bool{"organisation": false, "system": true} {
			s := db.System()
			if scope == "organisation" {
				s = db.InOrganisation(w.houses[0])
			}
			var some bool
			err := w.DB.Read(t.Context(), s, func(tx pgx.Tx) error {
				return tx.QueryRow(t.Context(), `select exists (select from `+table+`)`).Scan(&some)
			})
			if err != nil || some != want {
				t.Errorf("%s in the scope %s: %t, %v", table, scope, some, err)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, size := range []int{small, large} {
		for _, every := range []int{1, 2, 15, 16, 17, 100, size} {
			p := &places{}
			var want []int
			for n := size - 1; n >= 0; n -= every {
				p.put(n)
				want = append(want, n)
			}
			b := p.encode(size)
			if len(b) > size/8 || len(b) == 0 {
				t.Errorf("%d places of %d take %d bytes", len(want), size, len(b))
			}
			var got []int
			decode(b, size).last(func(n int) bool { got = append(got, n); return true })
			if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
				t.Errorf("size %d, every %d: %v, want %v", size, every, got, want)
			}
		}
	}
}

// Whatever stands in a row, what is read lies in the block.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, size := range []int{small, large} {
			decode(b, size).last(func(n int) bool {
				if n < 0 || n >= size {
					t.Errorf("place %d of %d", n, size)
				}
				return true
			})
		}
	})
}

func decode(b []byte, size int) *places {
	p := &places{}
	p.take(b, size)
	return p
}
