package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestStart_AfterAnAbandonedPidFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	c := start(t, Options{Dir: dir})
	pidFile := filepath.Join(c.place.data, "postmaster.pid")
	content, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	// Process 1 always lives and is never our server.
	if err := os.WriteFile(pidFile, []byte("1\n"+rest), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir})
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
