package search

import (
	"testing"
)

// Whatever is changed in the tables of the search is found, one block after the other, and put right; what is as it should be is left.
func TestFollower_RechecksWhatStandsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, large+2*small+20)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	super := w.Connect(t, w.Superuser)
	round := func() (changed int) {
		t.Helper()
		for range 6 { // of three blocks, or of more when one of them is gone
			was, err := w.follow.Recheck(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if was {
				changed++
			}
		}
		return changed
	}
	if n := round(); n != 0 {
		t.Fatalf("%d blocks were made again that were whole", n)
	}
	f := Filter{Organisation: w.acts[large+3].house, Except: []string{"journal.searched"}}
	for what, sql := range map[string]string{
		"a term is gone":          `delete from journal_search_term where first = 8192 and term like 'o%'`,
		"places are others":       `update journal_search_term set places = decode('0001', 'hex') where first = 0 and term like 'o%'`,
		"a term too many":         `insert into journal_search_term (term, first, places) select 'ajournal.searched '::bytea, 8448, decode('0001', 'hex')`,
		"a term of another block": `insert into journal_search_term (term, first, places) select term, first + 256, places from journal_search_term where first = 0 and term like 'a%'`,
		"times are others":        `update journal_search_block set times = decode(repeat('00', 2048), 'hex') where first = 8448`,
		"a small block is gone":   `delete from journal_search_block where first = 8192`,
		"its terms are gone too":  `with gone as (delete from journal_search_block where first = 8192) delete from journal_search_term where first = 8192`,
	} {
		tag, err := super.Exec(t.Context(), sql)
		if err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v", what, err)
		}
		if round() == 0 {
			t.Errorf("%s: nothing was put right", what)
		}
		if n := round(); n != 0 {
			t.Errorf("%s: and again %d", what, n)
		}
		if got, want := len(w.all(t, f, 400)), len(w.want(f)); got != want {
			t.Errorf("%s: %d entries are found, want %d", what, got, want)
		}
	}
	if _, err := super.Exec(t.Context(), `delete from journal_search_block where first = 0`); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for range 2 * large / small {
		was, err := w.follow.Recheck(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if was {
			changed++
		}
	}
	if got, want := len(w.all(t, f, 400)), len(w.want(f)); got != want || changed != large/small {
		t.Errorf("a large block is gone: %d entries are found, want %d; %d blocks made", got, want, changed)
	}
}

// What was forgotten, and is not made again yet, is no change; and a server that another one leads changes nothing.
func TestFollower_RechecksNothingThatIsOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, small)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.forget(t, 7)
	if was, err := w.follow.Recheck(t.Context()); was || err != nil {
		t.Errorf("what was forgotten: %t, %v", was, err)
	}
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if was, err := w.follow.Recheck(t.Context()); was || err != nil {
		t.Errorf("once it is made again: %t, %v", was, err)
	}
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `delete from journal_search_term`); err != nil {
		t.Fatal(err)
	}
	if was, err := NewFollower(w.DB, nil).Recheck(t.Context()); was || err != nil {
		t.Errorf("by a server that does not lead: %t, %v", was, err)
	}
	if was, err := w.follow.Recheck(t.Context()); !was || err != nil {
		t.Errorf("by the one that does: %t, %v", was, err)
	}
}
