package apptest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/dbtest"
	"mandat/internal/signingkey"
)

// Process is the program as it is installed: `mandat serve`, a process of its own, that a test may kill.
type Process struct {
	*Site
	cmd    *exec.Cmd
	env    []string
	listen string // host:port
}

// Clean removes the built program; TestMain calls it when all tests are done.
func Clean() {
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
}

// Program builds the program, once for the process of the tests, and returns its path.
func Program(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// built is where the program was built, "" if no test has asked for it.
var built struct{ dir string }

// program is the path of the built program, once for the process of the tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mandat-program-")
	if err != nil {
		return "", err
	}
	built.dir = dir
	path := filepath.Join(dir, "mandat")
	args := []string{"build", "-buildvcs=false", "-o", path}
	if raced {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "mandat/cmd/mandat")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// Prepare makes a site that runs as a process, on a given database and without stand-ins: FranceConnect and ProConnect
// are down. Run starts it.
func Prepare(t testing.TB, d *dbtest.Database) *Process {
	t.Helper()
	s := &Site{Log: &Log{}, dir: t.TempDir(), ClientID: "mandat"}
	s.open(t, d)
	p := s.ports(t)
	s.people(t, nowhere.proconnect)
	s.auditor = s.OpenAuditor(t)
	// The process finds its keys, and need not make any: it would take seconds for RSA.
	if err := signingkey.New(s.DB, s.Journal, s.Keys, s.Clock, s.Source).Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &Process{Site: s, env: s.environment(t, p, nowhere), listen: fmt.Sprintf("127.0.0.1:%d", p.site)}
}

// Beside makes another server of the same site, on the same database and with the same keys, with its own port and STATE_DIR. Visitors are not sent there.
func (p *Process) Beside(t testing.TB) *Process {
	t.Helper()
	listen, state := fmt.Sprintf("127.0.0.1:%d", freePort(t)), t.TempDir()
	env := append(slices.Clone(p.env), "LISTEN="+listen, fmt.Sprintf("METRICS_LISTEN=127.0.0.1:%d", freePort(t)), "STATE_DIR="+state)
	return &Process{Site: p.Site, env: env, listen: listen}
}

// Set gives the process further settings (NAME=value), from its next start on.
func (p *Process) Set(settings ...string) { p.env = append(p.env, settings...) }

// Front puts a proxy where visitors come, which sends each request to the process or to others beside it, in turn. The process, which is not
// running, listens elsewhere from then on.
func (p *Process) Front(t testing.TB, others ...*Process) {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", p.listen)
	if err != nil {
		t.Fatal(err)
	}
	p.listen = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	p.Set("LISTEN=" + p.listen)
	servers, turn := append([]*Process{p}, others...), atomic.Uint32{}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", servers[int(turn.Add(1))%len(servers)].listen
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}}
	var done sync.WaitGroup
	done.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); done.Wait() })
}

// Run starts the process and waits until it is ready. It ends at the latest with the test.
func (p *Process) Run(t testing.TB) {
	t.Helper()
	p.Launch(t, (*exec.Cmd).Start)
	p.AwaitReady(t)
}

// Launch starts the process in a way of the test's, and does not wait for it. It ends at the latest with the test.
func (p *Process) Launch(t testing.TB, start func(*exec.Cmd) error) {
	t.Helper()
	p.cmd = exec.Command(Program(t), "serve")
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = p.Log
	endWithParent(p.cmd)
	if err := start(p.cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
}

// AwaitReady waits until the process answers that it is ready.
func (p *Process) AwaitReady(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if status, _, err := p.Fetch(t.Context(), "/readyz"); err == nil && status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not get ready:\n%s", p.Log)
		}
	}
}

// Fetch asks this very server, as a proxy in front of it would.
func (p *Process) Fetch(ctx context.Context, path string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.listen+path, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Host = strings.TrimPrefix(p.URL, "http://")
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// Refuses starts the process and returns what it said when it ended by itself, which it has to.
func (p *Process) Refuses(t testing.TB) string {
	t.Helper()
	path := Program(t) // which may have to be built first
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "serve")
	cmd.Env = append(os.Environ(), p.env...)
	endWithParent(cmd)
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("the server started: %v\n%s", err, out)
	}
	return string(out)
}

// Kill ends the process as a power cut does (SIGKILL).
func (p *Process) Kill() {
	if p.cmd == nil || p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Command runs the program with other arguments than the server's, in its environment, and returns what it printed.
func (p *Process) Command(t testing.TB, arguments ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Program(t), arguments...)
	cmd.Env = append(os.Environ(), p.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Reopen gives the test's own registers new connections, after PostgreSQL was killed.
func (p *Process) Reopen(t testing.TB) {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{URL: p.World.App})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	p.DB = d
	p.Open(d)
	p.auditor = p.OpenAuditor(t)
}

// Sound fails the test unless everything that was done is in the journal, the journal is whole, also as the running site
// shows it, and the mandates are what it says. It returns how many entries there are.
func (p *Process) Sound(t testing.TB) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	p.caughtUp(ctx, t)
	r, err := p.verify(ctx, p.auditor)
	if err != nil {
		t.Errorf("the journal is not whole: %v", err)
	}
	compare(ctx, t, p.auditor)
	return r.Entries
}

// CaughtUp waits until the process, or another server, has put every entry into the tree.
func (p *Process) CaughtUp(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p.caughtUp(ctx, t)
}

// caughtUp waits until the process has put every entry into the tree.
func (p *Process) caughtUp(ctx context.Context, t testing.TB) {
	t.Helper()
	for {
		behind := p.Number(t, `select count(*) from journal_entry e where not exists (select from journal_leaf l where l.entry_id = e.id)`)
		if behind == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d entries are not in the tree", behind)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Folders are where the program finds its keys and keeps its state.
func (s *Site) Folders() (keys, state string) { return s.path("keys"), s.path("state") }

// Move lets the process, and the test's own registers, go on with another database. It is not running meanwhile.
func (p *Process) Move(t testing.TB, d *dbtest.Database) {
	t.Helper()
	p.Database, p.look = d, nil
	for i, setting := range p.env {
		switch name, _, _ := strings.Cut(setting, "="); name {
		case "DATABASE_URL":
			p.env[i] = name + "=" + d.App
		case "DATABASE_URL_AUDITOR":
			p.env[i] = name + "=" + d.Auditor
		}
	}
	p.Reopen(t)
}
