package dbtest

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A server that somebody names by DATABASE_URL_TEST, with a password, on which another process died half way.
func TestTheirs(t *testing.T) {
	t.Parallel()
	d := NewDurable(t)
	u, err := url.Parse(d.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), "a secret's")
	s, err := theirs(u.String())
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := migrationsFingerprint()
	if err != nil {
		t.Fatal(err)
	}
	template := "mandat_template_" + fingerprint
	s.do(t, "alter database "+template+" is_template false")
	s.do(t, "drop database "+template)
	s.do(t, "create database "+template) // empty, unmarked

	for n := range 2 {
		if made, err := s.prepare(t.Context()); err != nil || made != (n == 0) {
			t.Fatalf("prepared: %t, %v", made, err)
		}
	}
	one := s.database(t)
	var entries, passwords int
	conn := one.Connect(t, one.Superuser)
	if err := conn.QueryRow(t.Context(), "select count(*) from journal_entry").Scan(&entries); err != nil {
		t.Errorf("the template is not migrated: %v", err)
	}
	if err := conn.QueryRow(t.Context(), "select count(*) from pg_authid where rolname like 'mandat\\_%' and rolpassword is not null").Scan(&passwords); err != nil || passwords != 3 {
		t.Errorf("%d of 3 logins have the password, %v", passwords, err)
	}
}

// Of the servers that were kept, those of other migrations go.
func TestForgetSeeds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a-1.tar", "b-1.tar", "b-2.tar", ".new-b"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	forgetSeeds(folder, "b")
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(left) != 3 || slices.Contains(left, filepath.Join(folder, "a-1.tar")) {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestTheirs_RefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"host=/tmp user=x", "postgres://host/postgres", "mysql://x@host/y", "%zz"} {
		if _, err := theirs(dsn); err == nil {
			t.Errorf("took %q", dsn)
		}
	}
}
