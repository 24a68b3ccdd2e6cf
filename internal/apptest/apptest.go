// Package apptest runs the whole program in a test: the real app on a database of its own, with the stand-ins of
// FranceConnect, ProConnect and a public service that the tests of the process share.
//
//	site := apptest.Start(t)
//	jeanne := site.Walker(t, site.Jeanne)      // a browser that signed in through ProConnect
//	ines := site.Visit(t, site.Ines)           // bare requests in a session that was opened beside it
//	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
//
// When the test ends, the journal is caught up, exported, verified as a stranger would, and the mandates are compared with
// it; and nothing may have been logged as failed. A test that breaks this on purpose says why, with Options.
package apptest

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/app"
	"mandat/internal/config"
	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mailbox"
	"mandat/internal/page/pagetest"
	"mandat/internal/signingkey"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
	"mandat/internal/walk"
)

// Options changes what Start does.
type Options struct {
	Before     func(s *Site) // done when everything is there and the program is not started yet
	Alone      bool          // without stand-ins: FranceConnect and ProConnect do not answer
	Keyed      bool          // FranceConnect and ProConnect know us by our keys, and there is no secret
	Record     bool          // keep what goes over the wire: Site.Wire
	Proxied    bool          // visitors come through a proxy, each from an address of their own: none uses up another's allowance
	Unverified string        // why the journal and the mandates cannot be sound at the end; "" checks them
	Failing    string        // why requests fail on our side in this test; "" allows no failure in the log

	Settings  []string      // further settings, NAME=value
	KeepEvery time.Duration // between checkpoints of the journal that are kept; 0 is ten seconds

	Clients []map[string]any // further clients of the provider, as they stand in the clients file
}

// Site is the program under test.
type Site struct {
	*fixture.World               // the registers, on the same database, keys and clock, and the people
	Odile          journal.Actor // referent of Here, and no aidant
	Nora           journal.Actor // aidant of Here who is not certified
	Samir          journal.Actor // certified aidant of Here, to be suspended (Suspend)
	Denis          journal.Actor // certified aidant of Here and of Elsewhere; he acts for Here unless the address says otherwise
	Sofia          journal.Actor // auditor
	Adele          journal.Actor // administrator

	App     *app.App
	Twin    *twin.Twin
	URL     string // http://localhost:PORT
	Metrics string // http://127.0.0.1:PORT
	Log     *Log
	Wire    *Wire // nil unless recorded
	Mailbox *mailbox.Box
	Source  signingkey.Source // of the keys that sign tokens

	Tax, Allowance string // services at the stand-in: the first is limited to a perimeter
	Provider       string // our button at FranceConnect
	ClientID       string // ours at FranceConnect and ProConnect: faults name it

	options Options
	config  config.Config
	dir     string
	auditor *db.DB
	client  *http.Client
	t       testing.TB // the test that the site lives as long as
	looking sync.Mutex
	visits  atomic.Uint32 // addresses of visitors that were given out
	look    *pgx.Conn
	logins  map[uuid.UUID]string // buttons at ProConnect
}

// Start runs the program until the test ends.
func Start(t testing.TB, change ...func(*Options)) *Site {
	t.Helper()
	s := &Site{Log: &Log{}, ClientID: "mandat", dir: t.TempDir()}
	for _, f := range change {
		f(&s.options)
	}
	s.open(t, dbtest.New(t))
	p, up := s.ports(t), nowhere
	if !s.options.Alone {
		up = s.register(t)
	}
	s.people(t, up.proconnect)
	env := s.environment(t, p, up)
	var err error
	if s.config, err = config.Load(env); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.App, err = app.New(t.Context(), s.config, app.Options{Log: log, Clock: s.Clock, Keys: s.Source, Pages: pagetest.Pages(t), KeepEvery: s.options.KeepEvery}); err != nil {
		t.Fatal(err)
	}
	s.auditor = s.OpenAuditor(t)
	t.Cleanup(func() {
		s.end(t)
		s.client.CloseIdleConnections()
		if err := s.App.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	if s.options.Before != nil {
		s.options.Before(s)
	}
	if err := s.App.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Walker returns the browser of somebody who has signed in through ProConnect.
func (s *Site) Walker(t testing.TB, who journal.Actor) *walk.Walker {
	t.Helper()
	w := s.Browser(t)
	if err := w.SignIn(s.Login(who)); err != nil {
		t.Fatal(err)
	}
	return w
}

// Browser returns the browser of somebody who has been nowhere.
func (s *Site) Browser(t testing.TB) *walk.Walker {
	t.Helper()
	w := walk.New(s.URL, s.Twin.Service)
	w.Provider = s.Provider
	w.Bind(t.Context())
	return w
}

// Login is somebody's button at ProConnect.
func (s *Site) Login(who journal.Actor) string { return s.logins[who.Person] }

// Fault makes one of the stand-ins fail for this site alone, until the returned function is called or the test ends.
func (s *Site) Fault(t testing.TB, f twin.Fault) (clear func()) {
	t.Helper()
	f.Client = s.ClientID
	name := twintest.Name("fault")
	if err := s.Twin.SetFault(t.Context(), name, f); err != nil {
		t.Fatal(err)
	}
	clear = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Twin.ClearFault(ctx, name); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(clear)
	return clear
}

// Row reads one row as superuser, past every scope, into dest (pointers). All tests of a site share one connection.
func (s *Site) Row(t testing.TB, sql string, args []any, dest ...any) {
	t.Helper()
	s.looking.Lock()
	defer s.looking.Unlock()
	for try := 0; ; try++ {
		if s.look == nil || s.look.IsClosed() {
			s.look = s.Connect(s.t, s.Superuser)
		}
		err := s.look.QueryRow(t.Context(), sql, args...).Scan(dest...)
		if err == nil {
			return
		}
		if try > 0 || !s.look.IsClosed() { // else PostgreSQL was killed since
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// Number reads a number as superuser.
func (s *Site) Number(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	s.Row(t, sql, args, &n)
	return n
}

func (s *Site) path(name string) string { return filepath.Join(s.dir, name) }
