package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running postmaster and its guard.
type process struct {
	pid     int
	done    chan struct{} // closed when the postmaster has gone
	guard   *os.File      // the program's end of the guard's pipe
	watcher int           // process id of the guard
	guarded chan struct{} // closed when the guard has gone
}

// guardScript waits on its standard input, a pipe whose other end only the program holds. "done" means that the
// program has stopped the server itself. End of file means that the program has died, by SIGKILL too: then the
// server is stopped, and a throw-away folder removed. The command line is compared first, because the number may by
// then belong to another process.
//
//	$1 process id  $2 data folder  $3 signal  $4 folder to remove, or empty
const guardScript = `
read -r word
[ "$word" = done ] && exit 0
ours() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"; }
ours "$1" "$2" && kill "-$3" "$1"
n=0
while ours "$1" "$2"; do
	n=$((n + 1))
	[ "$n" -eq 600 ] && kill -QUIT "$1"
	[ "$n" -eq 700 ] && kill -KILL "$1"
	[ "$n" -gt 800 ] && exit 1
	sleep 0.1
done
[ -n "$4" ] && rm -rf -- "$4"
exit 0
`

// spawn starts the postmaster, and the guard that outlives the program.
//
// The kernel sends the parent-death signal when the thread that forked ends, not the process, and Go ends threads
// as it likes. So one goroutine keeps its thread from the fork until the postmaster has gone.
func spawn(b binaries, p place, who identity, settings []string, throwaway bool) (*process, error) {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	args := []string{"-D", p.data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	cmd := command(b, who, "postgres", args...)
	cmd.Dir = p.data
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr.Pdeathsig = lastSignal(throwaway)

	s := &process{done: make(chan struct{}), guarded: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		_ = cmd.Wait() // how it ended stands in its log
		close(s.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	s.pid = cmd.Process.Pid
	if err := s.watch(p, who, throwaway); err != nil {
		_ = syscall.Kill(s.pid, syscall.SIGQUIT)
		<-s.done
		return nil, fmt.Errorf("start the guard of postgres: %w", err)
	}
	return s, nil
}

// watch starts the guard.
func (s *process) watch(p place, who identity, throwaway bool) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	remove := ""
	if throwaway {
		remove = p.dir
	}
	signal := strings.TrimPrefix(signalName(lastSignal(throwaway)), "SIG")
	cmd := exec.Command("/bin/sh", "-c", guardScript, "mandat-guard", strconv.Itoa(s.pid), p.data, signal, remove) //nolint:gosec // arguments are ours and are not parsed by the shell
	cmd.Env = environment()
	cmd.Dir = "/"
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who.credential(), Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return err
	}
	s.guard, s.watcher = w, cmd.Process.Pid
	go func() {
		_ = cmd.Wait()
		close(s.guarded)
	}()
	return nil
}

// dismiss tells the guard that there is nothing left to do, and waits for it.
func (s *process) dismiss() {
	_, _ = s.guard.WriteString("done\n")
	_ = s.guard.Close()
	<-s.guarded
}

// stop asks the postmaster to end, insists after a while, and returns when it has gone.
func (s *process) stop(throwaway bool) error {
	defer s.dismiss()
	for _, signal := range []syscall.Signal{lastSignal(throwaway), syscall.SIGQUIT, syscall.SIGKILL} {
		_ = syscall.Kill(s.pid, signal)
		select {
		case <-s.done:
			return nil
		case <-time.After(stopWithin):
		}
	}
	return fmt.Errorf("postgres (process %d) does not end", s.pid)
}

// kill ends the postmaster and every process of it at once, as a power cut would, the page cache excepted. It is
// held still first, so that it cannot start another child between the look and the blow.
func (s *process) kill() {
	defer s.dismiss()
	_ = syscall.Kill(s.pid, syscall.SIGSTOP)
	for deadline := time.Now().Add(time.Second); !stopped(s.pid) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	children := childrenOf(s.pid)
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-s.done
	for _, pid := range children {
		for deadline := time.Now().Add(5 * time.Second); alive(pid) && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
	}
}

// lastSignal is how a server is told to end: a fast shutdown keeps everything, an immediate one is enough for data
// that are thrown away.
func lastSignal(throwaway bool) syscall.Signal {
	if throwaway {
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

func signalName(s syscall.Signal) string {
	if s == syscall.SIGQUIT {
		return "SIGQUIT"
	}
	return "SIGINT"
}

// command prepares a program of PostgreSQL: as who, away from the terminal's signals, with nothing of the caller's
// environment (PGDATA, PGPORT and PGOPTIONS would change what it does).
func command(b binaries, who identity, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.path(name), args...) //nolint:gosec // the folder was chosen by find
	cmd.Env = environment()
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who.credential(), Setsid: true}
	return cmd
}

func environment() []string {
	return []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
}
