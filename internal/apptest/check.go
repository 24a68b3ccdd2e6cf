package apptest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/keyring"
)

// Bodies are the journal's entries as they stand in the database, one a line.
func (s *Site) Bodies(t testing.TB) string {
	t.Helper()
	rows, err := s.Connect(t, s.Superuser).Query(t.Context(), `select id::text || ' ' || action || ' ' || body from journal_entry order by id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out bytes.Buffer
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintln(&out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// end is how every test ends: what was done is in the journal, the journal is whole, and the tables say what it says.
func (s *Site) end(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if s.options.Failing == "" {
		for _, line := range s.Log.Failures() {
			t.Errorf("logged: %s", line)
		}
	}
	if s.options.Unverified != "" {
		return
	}
	if _, err := s.Verify(ctx); err != nil {
		t.Errorf("the journal is not whole: %v", err)
	}
	compare(ctx, t, s.auditor)
	s.documented(ctx, t)
}

// documented fails the test for an entry whose action, or a member of whose detail, docs/journal.md does not have.
func (s *Site) documented(ctx context.Context, t testing.TB) {
	t.Helper()
	listed := map[string][]string{}
	for _, a := range journal.Actions() {
		listed[a.Name] = a.Detail
	}
	var action string
	var members []string
	err := s.auditor.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select e.action, array(select distinct k from journal_entry d, jsonb_object_keys(d.body::jsonb -> 'detail') k where d.action = e.action) from journal_entry e group by e.action`)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&action, &members}, func() error {
			all, ok := listed[action]
			for _, m := range members {
				ok = ok && slices.Contains(all, m)
			}
			if !ok {
				t.Errorf("an entry %s has members that no page describes, among %v", action, members)
			}
			return nil
		})
		return err
	})
	if err != nil {
		t.Errorf("read entries: %v", err)
	}
}

// Verify catches the journal up, exports it, and checks it as a stranger would: against the policy file and the running site.
func (s *Site) Verify(ctx context.Context) (verify.Report, error) {
	if err := s.App.CatchUp(ctx); err != nil {
		return verify.Report{}, err
	}
	return s.verify(ctx, s.auditor)
}

// verify exports the journal and checks it against the policy file and the running site.
func (s *Site) verify(ctx context.Context, auditor *db.DB) (verify.Report, error) {
	kek, _, err := keyring.FindKEK(s.path("kek"), s.path("keys"))
	if err != nil {
		return verify.Report{}, err
	}
	ring, err := keyring.Load(s.path("keys"), kek)
	if err != nil {
		return verify.Report{}, err
	}
	policy, err := verify.ParsePolicy([]byte(ring.Journal.Policy(s.URL + "/journal")))
	if err != nil {
		return verify.Report{}, err
	}
	files := memory{}
	if _, err := tree.Export(ctx, auditor, ring.Journal.Keys(), files); err != nil {
		return verify.Report{}, err
	}
	return verify.Log(ctx, verify.Options{Policy: policy, Export: fstest.MapFS(files), Site: s.URL})
}

func compare(ctx context.Context, t testing.TB, auditor *db.DB) {
	t.Helper()
	found, err := comparison.Run(ctx, auditor)
	if err != nil {
		t.Errorf("compare: %v", err)
	}
	for _, d := range found {
		t.Errorf("not what the journal says: %s", d)
	}
}

// memory is an export that is kept nowhere.
type memory fstest.MapFS

// Put keeps a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}
