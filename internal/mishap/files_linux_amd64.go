package mishap

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// Files watches what a program does with the files of a folder.
type Files struct {
	dir string

	mu   sync.Mutex
	seen []string
	trap *FileTrap
}

// FileTrap waits for a system call on the folder's files.
type FileTrap struct {
	// Sprung is closed when it came.
	Sprung chan struct{}

	n     int // steps before it
	when  When
	fails syscall.Errno // 0: the program is killed
}

// calls are the system calls that change a folder or its files, by number; fd says that the first argument is an open file.
var calls = map[uint64]struct {
	name string
	fd   bool
	path int // which argument is a path; -1: none
}{
	syscall.SYS_OPENAT:         {"open", false, 1},
	syscall.SYS_WRITE:          {"write", true, -1},
	syscall.SYS_FSYNC:          {"sync", true, -1},
	syscall.SYS_CLOSE:          {"close", true, -1},
	syscall.SYS_RENAMEAT:       {"rename", false, 1},
	syscall.SYS_UNLINKAT:       {"remove", false, 1},
	syscall.SYS_FTRUNCATE:      {"truncate", true, -1},
	syscall.SYS_PWRITE64:       {"write", true, -1},
	syscall.SYS_FDATASYNC:      {"sync", true, -1},
	316 /* renameat2 */ :       {"rename", false, 1},
	syscall.SYS_RENAME:         {"rename", false, 0},
	syscall.SYS_UNLINK:         {"remove", false, 0},
	syscall.SYS_FALLOCATE:      {"allocate", true, -1},
	syscall.SYS_LINKAT:         {"link", false, 1},
	syscall.SYS_FCHMOD:         {"chmod", true, -1},
	syscall.SYS_MKDIRAT:        {"mkdir", false, 1},
	syscall.SYS_FCHMODAT:       {"chmod", false, 1},
	syscall.SYS_TRUNCATE:       {"truncate", false, 0},
	syscall.SYS_SYMLINKAT:      {"link", false, 2},
	326 /* copy_file_range */ : {"write", true, -1},
}

// NewFiles watches a folder.
func NewFiles(dir string) (*Files, error) {
	dir, err := filepath.EvalSymlinks(dir)
	return &Files{dir: dir}, err
}

// Steps are the names of the calls since Arm, or the start.
func (f *Files) Steps() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

// Arm begins to count anew, and waits for the call after n others: then the program is killed, or the call fails, if fails is not 0.
// An error takes the place of the call (Before), or comes although it was done (After).
func (f *Files) Arm(n int, when When, fails syscall.Errno) *FileTrap {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.trap = nil, &FileTrap{make(chan struct{}), n, when, fails}
	return f.trap
}

// Start starts a command and traces it until it has ended. Its SysProcAttr is Files' own. Nobody has to wait for the command.
func (f *Files) Start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // a traced program belongs to one thread, which ends with it
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
		err := cmd.Start()
		if err == nil {
			err = f.attach(cmd.Process.Pid)
		}
		started <- err
		if err == nil {
			f.trace(cmd.Process.Pid)
		}
	}()
	return <-started
}

const (
	waitAll     = syscall.WALL
	waitThread  = 0x20000000 // __WNOTHREAD: children of this thread alone
	exitKill    = 0x100000   // PTRACE_O_EXITKILL
	syscallStop = syscall.SIGTRAP | 0x80
)

func (f *Files) attach(pid int) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, waitAll|waitThread, nil); err != nil {
		return fmt.Errorf("wait for a traced program: %w", err)
	}
	err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|exitKill)
	if err == nil {
		err = syscall.PtraceSyscall(pid, 0)
	}
	if err != nil {
		return fmt.Errorf("trace a program: %w", err)
	}
	return nil
}

// inside is a system call that a thread has begun.
type inside struct {
	step  bool
	opens bool
	trap  *FileTrap
}

// trace follows every thread of the program. Files that it opens are known by their number, which its threads share.
func (f *Files) trace(pid int) {
	in, open := map[int]*inside{}, map[uint64]bool{}
	for {
		var status syscall.WaitStatus
		thread, err := syscall.Wait4(-1, &status, waitAll|waitThread, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return // all threads are gone
		}
		signal := 0
		switch {
		case !status.Stopped():
			delete(in, thread)
			continue
		case status.StopSignal() == syscallStop && in[thread] == nil:
			in[thread] = f.enter(pid, thread, open)
		case status.StopSignal() == syscallStop:
			f.leave(pid, thread, in[thread], open)
			delete(in, thread)
		case status.StopSignal() != syscall.SIGTRAP && status.StopSignal() != syscall.SIGSTOP:
			signal = int(status.StopSignal())
		}
		_ = syscall.PtraceSyscall(thread, signal) // fails for a thread that was killed meanwhile
	}
}

func (f *Files) enter(pid, thread int, open map[uint64]bool) *inside {
	var r syscall.PtraceRegs
	out := &inside{}
	if syscall.PtraceGetRegs(thread, &r) != nil {
		return out
	}
	c, ok := calls[r.Orig_rax]
	if !ok || c.fd && !open[r.Rdi] || !c.fd && !f.below(thread, [...]uint64{r.Rdi, r.Rsi, r.Rdx}[c.path]) {
		return out
	}
	out.step, out.opens = true, c.name == "open"
	if c.name == "close" {
		delete(open, r.Rdi)
	}
	if out.trap = f.step(c.name); out.trap == nil || out.trap.when == After {
		return out
	}
	if out.trap.fails == 0 {
		f.kill(pid, out.trap)
		return out
	}
	r.Orig_rax = ^uint64(0) // no such call: the kernel does nothing
	_ = syscall.PtraceSetRegs(thread, &r)
	return out
}

func (f *Files) leave(pid, thread int, in *inside, open map[uint64]bool) {
	if !in.step {
		return
	}
	var r syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &r) != nil {
		return
	}
	if failed := r.Rax > 1<<63; in.opens && !failed && in.trap == nil {
		open[r.Rax] = true
	}
	switch {
	case in.trap == nil:
	case in.trap.fails == 0:
		f.kill(pid, in.trap)
	default:
		r.Rax = uint64(-int64(in.trap.fails)) //nolint:gosec // how the kernel says an error
		_ = syscall.PtraceSetRegs(thread, &r)
		close(in.trap.Sprung)
	}
}

func (f *Files) kill(pid int, t *FileTrap) {
	_ = syscall.Kill(pid, syscall.SIGKILL)
	close(t.Sprung)
}

// step counts a call and returns the trap that waits for it.
func (f *Files) step(name string) *FileTrap {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, name)
	t := f.trap
	if t == nil || len(f.seen) != t.n+1 {
		return nil
	}
	f.trap = nil
	return t
}

// below reads a path of the program's, and reports whether it is the folder or in it.
func (f *Files) below(thread int, at uint64) bool {
	var path strings.Builder
	var word [8]byte
	for path.Len() < len(f.dir)+256 {
		if n, err := syscall.PtracePeekData(thread, uintptr(at), word[:]); err != nil || n != len(word) {
			return false
		}
		text, _, ended := strings.Cut(string(word[:]), "\x00")
		path.WriteString(text)
		if ended {
			break
		}
		at += uint64(len(word))
	}
	return path.String() == f.dir || strings.HasPrefix(path.String(), f.dir+"/")
}
