package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lockFile takes the lock of a cluster's folder. The kernel drops it when the program ends, however it ends; unlockFile
// gives it back before.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrInUse
	}
	return nil, err
}

// unlockFile gives a lock back. Closing alone would not: a child that another goroutine is starting shares the open
// file until it runs its own program, and the lock with it.
func unlockFile(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}

// awaitOrphan waits for what is left of an earlier run. Its program has gone, for we hold its lock: the server is being
// stopped by its guard, or it was killed and its last processes are about to notice. Two servers on the same files would
// destroy them.
func awaitOrphan(ctx context.Context, p place, progress io.Writer) error {
	began := time.Now()
	for {
		pid := serverIn(p.data)
		if pid == 0 {
			return removeStaleLocks(p)
		}
		if time.Since(began) > orphanWithin {
			return fmt.Errorf("%s (process %d): %w", p.dir, pid, ErrInUse)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * pollEvery):
		}
		if waited := time.Since(began); waited < 15*pollEvery {
			_, _ = fmt.Fprintf(progress, "PostgreSQL: waiting for the server of an earlier run (process %d) to end\n", pid)
		}
	}
}

// serverIn finds a process of PostgreSQL, the server or one of its children, that works in the data folder; 0 is none.
func serverIn(data string) int {
	for _, pid := range processes() {
		dir, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
		if err == nil && dir == data && strings.HasPrefix(nameOf(pid), "postgres") {
			return pid
		}
	}
	return 0
}

// removeStaleLocks removes the files by which a server that has gone still seems to run, because its number has since been
// given to another process. Where the number is free, PostgreSQL itself looks closer than we do, and removes them.
func removeStaleLocks(p place) error {
	for _, path := range []string{
		filepath.Join(p.data, "postmaster.pid"),
		filepath.Join(p.socket, ".s.PGSQL."+port+".lock"),
	} {
		if pid := firstLine(path); pid != 0 && alive(pid) {
			if err := removeIfThere(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func firstLine(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// writtenBy is the major version that wrote a data folder, 0 when there is none yet.
func writtenBy(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	return major, nil
}

// initialise copies the seed, or runs initdb, beside the data folder and moves the result into place, so that an interrupted one is
// never taken for data.
func (c *Cluster) initialise() error {
	if !c.place.throwaway {
		_, _ = fmt.Fprintf(c.options.progress(), "PostgreSQL: creating a private cluster in %s\n", c.place.dir)
	}
	fresh := c.place.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if c.grow(fresh) {
		return os.Rename(fresh, c.place.data)
	}
	args := []string{
		"-D", fresh, "-U", Superuser, "-E", "UTF8", "--locale=C.UTF-8",
		"--auth-local=trust", "--auth-host=reject", "--no-instructions",
	}
	if c.options.Durable {
		args = append(args, "--data-checksums")
	} else {
		args = append(args, "--no-sync")
	}
	cmd := command(c.binaries, c.who, "initdb", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(fresh, c.place.data)
}

// knowsLZ4 asks the server program whether it was built with lz4, which the package from npm may not be.
func (c *Cluster) knowsLZ4() bool {
	cmd := command(c.binaries, c.who, "postgres", "-D", c.place.data, "-c", "wal_compression=lz4", "-C", "wal_compression")
	return cmd.Run() == nil
}

// await polls until the server answers, has gone, or takes too long.
func (c *Cluster) await(ctx context.Context, s *process) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		conn, err := c.connect(ctx)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return errors.New("postgres ended at once")
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(pollEvery):
		}
	}
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tail is what the server logged since offset, at most the last 4,000 bytes.
func tail(path string, offset int64) string {
	b, err := os.ReadFile(path)
	if err != nil || int64(len(b)) < offset {
		return ""
	}
	b = b[offset:]
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return strings.TrimSpace(string(b))
}
