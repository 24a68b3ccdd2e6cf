package tree

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// A server that waits for a long queue, which is first held back and then taken by another server, looks at where the queue
// begins, not at all of it again and again.
func TestIntegrator_WaitsWithoutReadingTheQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 1)
	h.catchUp(t)
	own, err := db.Open(t.Context(), db.Options{URL: h.App, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := NewIntegrator(IntegratorOptions{DB: own, Signer: h.in.signer, StateFile: filepath.Join(t.TempDir(), "other")})
	if err != nil {
		t.Fatal(err)
	}
	pid := backend(t, own)
	const n = 16 * chunk
	long := h.session(t)
	long.begin(t)
	h.bulk(t, n)
	limit, err := waiting.horizon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 16 {
		if _, err := waiting.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	long.do(t, "rollback")
	rounds := 0
	for more := true; more; rounds++ {
		if more, err = h.in.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := waiting.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if reached, err := waiting.reached(t.Context(), limit); err != nil || reached == more {
			t.Fatalf("after round %d of the other server: reached %v, %v", rounds, reached, err)
		}
	}
	if rounds != 16 {
		t.Errorf("%d rounds", rounds)
	}
	own.Close()
	if rows := h.rowsRead(t, pid); rows > 6*n {
		t.Errorf("%d rows read of a queue of %d", rows, n)
	}
}

// backend is the process that serves a pool of one connection.
func backend(t *testing.T, d *db.DB) (pid int) {
	t.Helper()
	err := d.Read(t.Context(), db.System(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), `select pg_backend_pid()`).Scan(&pid) })
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// rowsRead counts the rows of entries and leaves that were read, at least those of a process that is ending: it tells of
// them before it is gone.
func (h *house) rowsRead(t *testing.T, pid int) (rows int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for h.number(t, `select count(*) from pg_stat_activity where pid = $1`, pid) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the connection does not end")
		}
		time.Sleep(5 * time.Millisecond)
	}
	return h.number(t, `select sum(seq_tup_read + idx_tup_fetch) from pg_stat_user_tables where relname in ('journal_entry', 'journal_leaf')`)
}

func (h *house) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := h.Connect(t, h.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Ids may jump: a sequence does after a crash, and who administers the database can make it. What is between costs nothing.
func TestIntegrator_PassesGapsOfIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 1)
	h.catchUp(t)
	h.acts(t, 1)
	session{h.Connect(t, h.Superuser)}.do(t, `select setval('journal_entry_id', 1000000000000000)`)
	h.acts(t, 2)
	if c := h.catchUp(t); c.Size != 4 { // it gives up after a minute
		t.Errorf("%d entries in the tree", c.Size)
	}
}
