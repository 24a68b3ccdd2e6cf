package dbtest

import (
	"net/url"
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

	for range 2 {
		if err := s.prepare(t.Context()); err != nil {
			t.Fatal(err)
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

func TestTheirs_RefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"host=/tmp user=x", "postgres://host/postgres", "mysql://x@host/y", "%zz"} {
		if _, err := theirs(dsn); err == nil {
			t.Errorf("took %q", dsn)
		}
	}
}
