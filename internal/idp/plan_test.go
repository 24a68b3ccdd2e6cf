package idp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
)

// The statements of a use are planned once in a connection, perhaps on a day when their tables are empty. Whatever the
// tables looked like, rows are found by what names them: never by a time, never by reading a table.
func TestStatements_FindTheirRowsInEmptyTables(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if _, err := d.Connect(t, d.Superuser).Exec(t.Context(), `analyze`); err != nil {
		t.Fatal(err)
	}
	conn := d.Connect(t, d.App)
	for name, sql := range map[string]string{"begin": beginLogin, "find": findLogin, "find with citizen": findChosen, "take citizen": takeCitizen,
		"issue code": issueCode, "redeem code": redeemCode, "lock redeemed": lockRedeemed, "name actor": nameActor, "release direct": releaseDirect, "find use": findUse, "give back": giveBack, "close use": closeUse, "lock": lockPeople, "release": releaseLogin, "facts": askFacts, "cancel": cancelLogin, "move": moved, "granted": powerGranted} {
		if _, err := conn.Exec(t.Context(), `deallocate all`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `prepare q as `+sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		nulls := strings.TrimSuffix(strings.Repeat("null,", arguments(sql)), ",")
		rows, err := conn.Query(t.Context(), `explain (costs off) execute q(`+nulls+`)`, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text := strings.Join(plan, "\n"); strings.Contains(text, "session_seen") || strings.Contains(text, "Seq Scan") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// arguments counts those of a statement.
func arguments(sql string) int {
	n := 0
	for strings.Contains(sql, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	return n
}
