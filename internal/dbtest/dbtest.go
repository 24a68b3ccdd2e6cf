// Package dbtest gives each test a PostgreSQL database of its own, with the schema, the logins and the rights of a real
// one. New clones a template that is migrated once in a test process; the database goes when the test ends. So tests
// run in parallel, in any order, and clean nothing up.
//
// The server is a private one (package cluster), started by the first test that needs it and gone with the process. It
// begins as a copy of what the first process of all has prepared.
// Or it is yours: DATABASE_URL_TEST takes the address of a superuser on a server that is there for tests. The logins
// mandat_owner, mandat_app and mandat_auditor are made on it and, if the address has a password, given the same one.
//
// The private server does not flush to disk. A test of what survives a crash uses NewDurable, which has a durable server
// of its own to kill and restart.
package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/cluster"
	"mandat/internal/db"
)

// Database is one test's own database.
type Database struct {
	// DB is an open pool of the program's login, mandat_app.
	DB *db.DB

	// Addresses of the database for each login, as URLs.
	App, Auditor, Owner, Superuser string

	// Name is the database's name on its server.
	Name string

	// Cluster is the server, for tests that kill it. It is nil unless the database comes from NewDurable.
	Cluster *cluster.Cluster
}

// New gives the test an empty, migrated database on the server that the tests of this process share.
func New(t testing.TB) *Database {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("the tests need PostgreSQL: %v", err)
	}
	return s.database(t)
}

// NewDurable gives the test a database on a server of its own that flushes every commit, so that the test may kill the
// server and restart it (Database.Cluster). It costs about a second. It never uses DATABASE_URL_TEST. A benchmark may
// change the server's options before it starts, such as SharedBuffers.
func NewDurable(t testing.TB, tune ...func(*cluster.Options)) *Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	o := cluster.Options{Durable: true, SharedBuffers: "64MB", Cache: cacheFolder()}
	for _, change := range tune {
		change(&o)
	}
	c, err := cluster.Start(ctx, o)
	if err != nil {
		t.Fatalf("the test needs PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop the test's PostgreSQL: %v", err)
		}
	})
	s := &server{address: c.DSN}
	if _, err := s.prepare(ctx); err != nil {
		t.Fatalf("prepare the test's PostgreSQL: %v", err)
	}
	d := s.database(t)
	d.Cluster = c
	return d
}

// OpenAuditor opens a pool of the auditors' login, closed when the test ends.
func (d *Database) OpenAuditor(t testing.TB) *db.DB {
	t.Helper()
	return open(t, d.Auditor)
}

// Connect opens one plain connection for any of the addresses, closed when the test ends. With Superuser it is how a
// test changes something behind the program's back.
func (d *Database) Connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatalf("connect to the test's database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{URL: address})
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(d.Close)
	return d
}
