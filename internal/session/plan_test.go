package session

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
)

// A connection plans these once, perhaps on a day without sessions: a session is found by its cookie all the same, never by
// the time of its last use, which would read them all.
func TestStatements_FindASessionByItsCookie(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if _, err := d.Connect(t, d.Superuser).Exec(t.Context(), `analyze`); err != nil {
		t.Fatal(err)
	}
	conn := d.Connect(t, d.App)
	for _, sql := range []string{found, touched} {
		for _, prepare := range []string{`deallocate all`, `prepare q as ` + sql} {
			if _, err := conn.Exec(t.Context(), prepare, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := conn.Query(t.Context(), `explain (costs off) execute q(null, null, null)`, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "session_cookie_key") || strings.Contains(text, "session_seen") || strings.Contains(text, "Seq Scan") {
			t.Errorf("%s:\n%s", sql, text)
		}
	}
}
