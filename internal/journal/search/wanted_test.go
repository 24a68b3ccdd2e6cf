package search

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// What a term's blocks are read from is the index alone, as auditors read it: the table would be a page for each of them.
func TestWanted_ReadsTheIndexAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, large+3*small)
	if err := w.follow.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var plan []string
	err := w.find.db.Snapshot(t.Context(), db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), alongIndexes); err != nil {
			return err
		}
		terms := wantedOf([]Term{idTerm(byOrganisation, w.houses[0]), idTerm(byOrganisation, w.houses[1])}).terms
		rows, err := tx.Query(t.Context(), `explain (analyze, costs off, timing off, summary off) `+inRange, terms, 0, 2*large)
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	text := strings.Join(plan, "\n")
	if err != nil || !strings.Contains(text, "Index Only Scan using journal_search_term_pkey") || !strings.Contains(text, "rows=8 ") {
		t.Errorf("%v\n%s", err, text)
	}
}
