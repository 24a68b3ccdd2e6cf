package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// meter reads what a database and this process have used.
type meter struct {
	conn *pgx.Conn
	root int // PostgreSQL's first process
}

func newMeter(b *testing.B, address string) *meter {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(b.Context()) })
	m := &meter{conn: conn}
	var dir string
	if err := conn.QueryRow(b.Context(), `show data_directory`).Scan(&dir); err != nil {
		b.Fatal(err)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		b.Fatal(err)
	}
	if m.root, err = strconv.Atoi(strings.SplitN(string(pid), "\n", 2)[0]); err != nil {
		b.Fatal(err)
	}
	return m
}

// usage is bytes of WAL, and CPU time of PostgreSQL and of ourselves.
type usage struct {
	wal            int64
	database, self time.Duration
}

func (m *meter) read(b *testing.B) usage {
	b.Helper()
	var u usage
	if err := m.conn.QueryRow(b.Context(), `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn`).Scan(&u.wal); err != nil {
		b.Fatal(err)
	}
	u.database = m.postgresCPU(b)
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	u.self = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return u
}

// postgresCPU adds up the server's processes and those that have ended (the first process waits for them).
func (m *meter) postgresCPU(b *testing.B) time.Duration {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	var out time.Duration
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		parent, own, ended := processTimes(pid)
		if parent == m.root {
			out += own
		}
		if pid == m.root {
			out += own + ended
		}
	}
	return out
}

// processCPU is the CPU time of a process.
func processCPU(b *testing.B, pid int) time.Duration {
	b.Helper()
	_, own, _ := processTimes(pid)
	return own
}

// processTimes reads a process's parent, its CPU time and that of its children that have ended; zeros if it has ended.
func processTimes(pid int) (parent int, own, ended time.Duration) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0
	}
	f := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
	number := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
	const tick = 10 * time.Millisecond
	return number(1), time.Duration(number(11)+number(12)) * tick, time.Duration(number(13)+number(14)) * tick
}

func (u usage) since(before usage) usage {
	return usage{u.wal - before.wal, u.database - before.database, u.self - before.self}
}

// run is the result of one run.
type run struct {
	rate     float64 // acts a second
	wal      float64 // bytes an act
	database float64 // microseconds of PostgreSQL's CPU an act
	self     float64 // microseconds of our own CPU an act
	p50, p99 time.Duration
}

func result(acts int, took time.Duration, u usage) run {
	n := float64(max(acts, 1))
	return run{rate: float64(acts) / took.Seconds(), wal: float64(u.wal) / n, database: float64(u.database.Microseconds()) / n, self: float64(u.self.Microseconds()) / n}
}

func median(runs []run, of func(run) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func rate(r run) float64        { return r.rate }
func wal(r run) float64         { return r.wal }
func databaseCPU(r run) float64 { return r.database }
func selfCPU(r run) float64     { return r.self }
func p50(r run) float64         { return r.p50.Seconds() * 1000 }
func p99(r run) float64         { return r.p99.Seconds() * 1000 }

func percentile(times []time.Duration, p float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(float64(len(times))*p), len(times)-1)]
}
