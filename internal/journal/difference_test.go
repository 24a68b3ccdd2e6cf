package journal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/journal"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	is := func(key, what string) journal.Difference { return journal.Difference{Of: "thing", ID: key, What: what} }
	tables := map[string]int{"same": 1, "stray": 2, "other": 3}
	entries := map[string]int{"same": 1, "gone": 4, "other": 5}
	words := journal.Words[int]{Stray: "has {tables}", Other: "has {tables}, not {entries}", Gone: "had {entries}"}
	if diff := cmp.Diff([]journal.Difference{is("gone", "had 4"), is("other", "has 3, not 5"), is("stray", "has 2")}, journal.Differences(tables, entries, is, words)); diff != "" {
		t.Error(diff)
	}
	words.Parts = func(have, want int) []string {
		if have == want {
			return nil
		}
		return []string{"weighs more", "costs less"}
	}
	if diff := cmp.Diff([]journal.Difference{is("gone", "had 4"), is("other", "costs less"), is("other", "weighs more"), is("stray", "has 2")}, journal.Differences(tables, entries, is, words)); diff != "" {
		t.Error(diff)
	}
}
