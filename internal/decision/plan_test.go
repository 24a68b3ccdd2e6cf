package decision

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
)

// The statements are planned once in a connection, perhaps on a day when their tables are empty: rows are found by what names them, never by reading a table.
func TestStatements_FindTheirRowsInEmptyTables(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if _, err := d.Connect(t, d.Superuser).Exec(t.Context(), `analyze`); err != nil {
		t.Fatal(err)
	}
	conn := d.Connect(t, d.App)
	for name, sql := range map[string]string{"ask": ask, "lock": lockPeople, "lock certificate": lockCertificate, "refusals": findRefusals, "citizens": findCitizens} {
		if _, err := conn.Exec(t.Context(), `deallocate all`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `prepare q as `+sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		nulls := strings.Repeat("null,", 9)
		for n := 9; n > 0 && !strings.Contains(sql, "$"+string(rune('0'+n))); n-- {
			nulls = strings.TrimPrefix(nulls, "null,")
		}
		rows, err := conn.Query(t.Context(), `explain (costs off) execute q(`+strings.TrimSuffix(nulls, ",")+`)`, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}
