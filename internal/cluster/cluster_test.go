package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// query runs one statement as superuser and returns its single value as text.
func query(t *testing.T, c *Cluster, sql string) string {
	t.Helper()
	conn, err := c.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var s string
	if err := conn.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func do(t *testing.T, c *Cluster, sql string) {
	t.Helper()
	conn, err := c.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// folder is a new folder that is reachable by whoever PostgreSQL runs as, which t.TempDir is not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mandat-cluster-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestStart_KeepsDataBetweenRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	c := start(t, Options{Dir: dir, Durable: true, SharedBuffers: "16MB"})
	do(t, c, "create table kept as select 42 as n")
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	c = start(t, Options{Dir: dir, Durable: true, SharedBuffers: "16MB"})
	if got := query(t, c, "select n::text from kept"); got != "42" {
		t.Fatalf("kept %q", got)
	}
}

func TestStart_IsPrivate(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	for setting, want := range map[string]string{
		"listen_addresses":        "",
		"unix_socket_permissions": "0700",
		"fsync":                   "off",
		"data_directory_mode":     "0700",
	} {
		if got := query(t, c, "select current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	info, err := os.Stat(c.place.socket)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("socket folder has mode %v", info.Mode())
	}
	if owner, _ := ownerOf(c.place.data); owner.uid == 0 {
		t.Error("the data belong to root")
	}
}

func TestStart_LongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("a-very-long-name/", 8), "pg")
	c := start(t, Options{Dir: dir})
	if got := query(t, c, "select 'here'"); got != "here" {
		t.Fatal(got)
	}
}

func TestStart_RefusesAFolderInUse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	start(t, Options{Dir: dir})
	_, err := Start(t.Context(), Options{Dir: dir})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second start: %v", err)
	}
}

// The files of a server that was killed, whose number now belongs to a process that has nothing to do with it.
func TestStart_AfterItsNumberWasGivenAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	c := start(t, Options{Dir: dir})
	c.Kill()
	other := command(binaries{dir: "/bin"}, c.who, "sleep", "600") // PostgreSQL only minds processes of its own user
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	for _, path := range []string{
		filepath.Join(c.place.data, "postmaster.pid"),
		filepath.Join(c.place.socket, ".s.PGSQL.5432.lock"),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(content), "\n")
		number := strconv.Itoa(other.Process.Pid)
		if err := os.WriteFile(path, []byte(number+"\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir})
}

// A server whose program was killed may take a moment to go: the next program waits for it.
func TestStart_WaitsForAnOrphan(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	c := start(t, Options{Dir: dir})
	c.release() // as if the program had died, and the server not yet noticed
	first := c.process
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = first.stop(false)
	}()
	again := start(t, Options{Dir: dir})
	if alive(first.pid) || !alive(again.process.pid) {
		t.Fatal("two servers on the same data")
	}
}

// A child between fork and exec still has the lock's open file: giving the lock back does not wait for it.
func TestUnlockFile_WhileAChildStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(folder(t), "lock")
	f, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(child) }()
	if _, err := lockFile(path); !errors.Is(err, ErrInUse) {
		t.Fatalf("a taken lock: %v", err)
	}
	unlockFile(f)
	again, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unlockFile(again)
}

func TestKill_LosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: filepath.Join(folder(t), "pg"), Durable: true, SharedBuffers: "16MB"})
	do(t, c, "create table kept as select 42 as n")
	c.Kill()
	if _, err := c.connect(t.Context()); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, c, "select n::text from kept"); got != "42" {
		t.Fatalf("kept %q", got)
	}
}

func TestStop_RemovesAThrowAwayCluster(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	dir := c.Dir()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("%s: %v", dir, err)
	}
	if err := c.Stop(); err != nil {
		t.Fatalf("second stop: %v", err)
	}
}
