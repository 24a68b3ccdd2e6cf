package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be a program that starts a cluster and is then killed: see program.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("CLUSTER_TEST_DIR"); ok {
		os.Exit(run(dir))
	}
	os.Exit(m.Run())
}

// run starts a cluster, says where it is, and waits for its standard input to end.
func run(dir string) int {
	c, err := Start(context.Background(), Options{Dir: dir, Progress: os.Stderr})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(c.process.pid, c.process.watcher, c.Dir(), os.Geteuid())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := c.Stop(); err != nil {
		return 1
	}
	return 0
}

// program is another program that has started a cluster.
type program struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	server int
	guard  int
	dir    string
	uid    string
}

func startProgram(t *testing.T, dir string, who identity, env ...string) program {
	t.Helper()
	binary := filepath.Join(folder(t), "program")
	// A test binary lies in a folder of mode 0700. It is copied by another process: what a child of ours that is just being
	// started holds open for writing could not be run ("text file busy").
	if out, err := exec.Command("cp", "--", os.Args[0], binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(binary, 0o755); err != nil {
		t.Fatal(err)
	}
	p := program{cmd: exec.Command(binary)}
	p.cmd.Env = append(append(os.Environ(), "CLUSTER_TEST_DIR="+dir), env...)
	p.cmd.Dir = "/"
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who.credential()}
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(line)
	if len(f) != 4 {
		t.Fatalf("the program said %q", line)
	}
	p.server, _ = strconv.Atoi(f[0])
	p.guard, _ = strconv.Atoi(f[1])
	p.dir, p.uid = f[2], f[3]
	return p
}

// callers are the users a program may be started by: the one who runs the tests, and, when that is root, nobody.
func callers(t *testing.T) map[string]identity {
	t.Helper()
	all := map[string]identity{"caller": {uid: os.Geteuid()}}
	if os.Geteuid() == 0 {
		who, err := lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		all["nobody"] = who
	}
	return all
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			t.Fatal("still not: " + what)
		}
	}
}

func TestStart_EndsWithAKilledProgram(t *testing.T) {
	t.Parallel()
	for name, who := range callers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "", who)
			if p.uid != strconv.Itoa(who.uid) {
				t.Fatalf("ran as %s, want %d", p.uid, who.uid)
			}
			if !alive(p.server) {
				t.Fatal("no server runs")
			}
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the server gone", func() bool { return !alive(p.server) })
			eventually(t, "the throw-away folder removed", func() bool {
				_, err := os.Stat(p.dir)
				return os.IsNotExist(err)
			})
		})
	}
}

// The kernel's signal alone, when the guard was killed too.
func TestStart_EndsWithAKilledProgramWithoutItsGuard(t *testing.T) {
	t.Parallel()
	p := startProgram(t, filepath.Join(folder(t), "pg"), identity{})
	for _, pid := range []int{p.guard, p.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the server gone", func() bool { return !alive(p.server) })
}

func TestStart_AfterAKilledProgram(t *testing.T) {
	t.Parallel()
	for name, who := range callers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := folder(t)
			if err := who.own(base); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(base, "pg")
			p := startProgram(t, dir, who)
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait() // "signal: killed"; its lock has gone with it
			again := startProgram(t, dir, who)
			if again.server == p.server || !alive(again.server) {
				t.Fatal("no new server runs")
			}
			if err := again.stdin.Close(); err != nil {
				t.Fatal(err)
			}
			if err := again.cmd.Wait(); err != nil {
				t.Fatalf("clean stop: %v", err)
			}
			if alive(again.server) {
				t.Fatal("the server outlived a clean stop")
			}
		})
	}
}

// The guard alone, without the kernel's signal: the "server" is a shell that has the data folder on its command line.
func TestGuard_StopsTheServerAtEndOfFile(t *testing.T) {
	t.Parallel()
	for word, stops := range map[string]bool{"": true, "done\n": false} {
		data := folder(t)
		server := exec.Command("/bin/sleep", "1000")
		server.Args = []string{data, "1000"} // argv[0] is free to choose
		server.Path = "/bin/sleep"
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		s := &process{pid: server.Process.Pid, guarded: make(chan struct{})}
		if err := s.watch(place{data: data}, identity{}, false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.guard.WriteString(word); err != nil {
			t.Fatal(err)
		}
		if err := s.guard.Close(); err != nil {
			t.Fatal(err)
		}
		if stops {
			eventually(t, "the server stopped", func() bool { return !alive(s.pid) })
		}
		_ = server.Process.Kill()
		err := server.Wait()
		<-s.guarded
		if byGuard := strings.Contains(fmt.Sprint(err), "interrupt"); byGuard != stops {
			t.Errorf("after %q: %v, stopped by the guard: want %v", word, err, stops)
		}
	}
}
