package dbtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/cluster"
	"mandat/internal/db"
	"mandat/migrations"
)

// startWithin bounds the start of a server and the making of its template.
const startWithin = 3 * time.Minute

// prepareLock is the advisory lock under which roles and templates are made: test processes may share a server.
const prepareLock = 4410293376

// server is a PostgreSQL on which databases for tests are made.
type server struct {
	address  func(user, database string) string
	admin    string // the superuser; "" is the cluster's
	password string // what the logins are given; "" is none
	template string
}

// shared is the server of this process, started by the first test that asks. It has no owner who could stop it: it ends
// with the process (see cluster's guard).
var shared = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	if dsn := os.Getenv("DATABASE_URL_TEST"); dsn != "" {
		s, err := theirs(dsn)
		if err != nil {
			return nil, err
		}
		_, err = s.prepare(ctx)
		return s, err
	}
	return private(ctx)
})

// private starts a server. It begins as one that an earlier process prepared for the same migrations; without one, it becomes that.
func private(ctx context.Context) (*server, error) {
	fingerprint, err := migrationsFingerprint()
	if err != nil {
		return nil, err
	}
	o := cluster.Options{Cache: cacheFolder(), Progress: os.Stderr}
	if o.Cache != "" {
		o.Seed = filepath.Join(o.Cache, seeds, fingerprint)
	}
	c, err := cluster.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &server{address: c.DSN}
	made, err := s.prepare(ctx)
	if err != nil || !made || o.Seed == "" {
		return s, err
	}
	forgetSeeds(filepath.Dir(o.Seed), fingerprint)
	return s, c.Sow(ctx)
}

// seeds is the folder, in that of what is fetched, of servers as processes found them: some 60 MB, of the last migrations alone.
const seeds = "seeds"

func forgetSeeds(folder, but string) {
	old, _ := filepath.Glob(filepath.Join(folder, "*.tar"))
	for _, path := range old {
		if !strings.HasPrefix(filepath.Base(path), but) {
			_ = os.Remove(path)
		}
	}
}

// theirs describes a server by the URL of its superuser.
func theirs(dsn string) (*server, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.User == nil {
		return nil, errors.New("DATABASE_URL_TEST: want postgres://superuser[:password]@host[:port]/postgres")
	}
	password, _ := u.User.Password()
	address := func(user, database string) string {
		v := *u
		v.User = url.User(user)
		if password != "" {
			v.User = url.UserPassword(user, password)
		}
		v.Path = "/" + database
		return v.String()
	}
	return &server{address: address, admin: u.User.Username(), password: password}, nil
}

// superuser is the address of a database for the server's superuser.
func (s *server) superuser(database string) string {
	if s.admin == "" {
		return s.address(cluster.Superuser, database)
	}
	return s.address(s.admin, database)
}

// prepare makes the logins and the template. Its name tells the migrations it has, so that processes that share a server
// share it, and a changed migration makes another. It reports whether the template had to be made.
func (s *server) prepare(ctx context.Context) (made bool, err error) {
	fingerprint, err := migrationsFingerprint()
	if err != nil {
		return false, err
	}
	s.template = "mandat_template_" + fingerprint
	conn, err := pgx.Connect(ctx, s.superuser("postgres"))
	if err != nil {
		return false, fmt.Errorf("connect as superuser: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", prepareLock); err != nil {
		return false, fmt.Errorf("wait for other test processes: %w", err)
	}
	if err := s.makeLogins(ctx, conn); err != nil {
		return false, fmt.Errorf("make the logins: %w", err)
	}
	if made, err = s.makeTemplate(ctx, conn); err != nil {
		return false, fmt.Errorf("make the template: %w", err)
	}
	return made, nil
}

func (s *server) makeLogins(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, db.RolesSQL); err != nil {
		return err
	}
	if s.password == "" {
		return nil
	}
	for _, login := range []string{"mandat_owner", "mandat_app", "mandat_auditor"} {
		var statement string
		if err := conn.QueryRow(ctx, "select format('alter role %I password %L', $1::text, $2::text)", login, s.password).Scan(&statement); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplate creates and migrates the template. The mark datistemplate is set last: a database without it was left by
// a process that died, and is made anew.
func (s *server) makeTemplate(ctx context.Context, conn *pgx.Conn) (made bool, err error) {
	var ready bool
	err = conn.QueryRow(ctx, "select datistemplate from pg_database where datname = $1", s.template).Scan(&ready)
	if ready || err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if _, err := conn.Exec(ctx, "drop database if exists "+s.template+" with (force)"); err != nil {
		return false, err
	}
	if _, err := conn.Exec(ctx, "create database "+s.template+" owner mandat_owner template template0"); err != nil {
		return false, err
	}
	if _, err := db.Migrate(ctx, s.address("mandat_owner", s.template)); err != nil {
		return false, err
	}
	_, err = conn.Exec(ctx, "alter database "+s.template+" is_template true allow_connections false")
	return true, err
}

// database clones the template for one test.
func (s *server) database(t testing.TB) *Database {
	t.Helper()
	name := "mandat_test_" + uuid.NewString()[:13]
	name = name[:len(name)-5] + name[len(name)-4:] // without the hyphen, so that it needs no quotes
	s.do(t, "create database "+name+" owner mandat_owner template "+s.template+" strategy "+strategy)
	t.Cleanup(func() { s.do(t, "drop database if exists "+name+" with (force)") })
	d := &Database{
		Name:      name,
		App:       s.address("mandat_app", name),
		Auditor:   s.address("mandat_auditor", name),
		Owner:     s.address("mandat_owner", name),
		Superuser: s.superuser(name),
	}
	d.DB = open(t, d.App)
	return d
}

// strategy is how a clone is made: copied as files, 12 ms in memory, or through the write-ahead log, 27 ms
// (BenchmarkClone).
const strategy = "file_copy"

// do runs one statement as superuser. The test's context is not used: it has ended when cleanups run.
func (s *server) do(t testing.TB, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.superuser("postgres"))
	if err != nil {
		t.Fatalf("connect to the tests' PostgreSQL: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// migrationsFingerprint is a short hash of all migrations.
func migrationsFingerprint() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(migrations.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrations.Files.ReadFile(path)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", path, len(content), content)
		return nil
	})
	return fmt.Sprintf("%.6x", h.Sum(nil)), err
}

// cacheFolder is .data/cache of the checkout, where `make` keeps what it fetches: tests run in their package's folder.
func cacheFolder() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".data", "cache")
		}
	}
	return ""
}
