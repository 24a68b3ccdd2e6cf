package twin

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed node/*.mjs node/package.json node/package-lock.json
var program embed.FS

// ErrNode says that Node.js or npm is missing or too old; its text says what to do.
var ErrNode = errors.New("Node.js 20 or later with npm is needed (Debian, Ubuntu: apt-get install nodejs npm)")

// Install unpacks the program into dir and fetches its locked packages when they are not there yet. It takes a few seconds
// and the network the first time, and nothing afterwards; progress (which may be nil) then gets a line. Several processes
// may do it at once.
//
// The packages lie in dir/<hash of the lock file>, the program below them in a folder named after its own content, where
// Node finds the packages one level up. Both appear whole, by a rename.
func Install(ctx context.Context, dir string, progress io.Writer) error {
	modules, source := layout(dir)
	if exists(source) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("install twin: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return fmt.Errorf("install twin: %w", err)
	}
	defer unlock()
	if !exists(modules) {
		if progress != nil {
			_, _ = fmt.Fprintln(progress, "Fetching the packages of the FranceConnect and ProConnect stand-ins (npm ci)")
		}
		if err := appear(modules, func(at string) error { return fetch(ctx, at) }); err != nil {
			return fmt.Errorf("install twin: fetch packages: %w", err)
		}
	}
	if exists(source) {
		return nil
	}
	if err := appear(source, func(at string) error { return unpack(at, ".mjs", "package.json") }); err != nil {
		return fmt.Errorf("install twin: unpack program: %w", err)
	}
	return nil
}

// layout names the folders of this version of the packages and of the program.
func layout(dir string) (modules, source string) {
	modules = filepath.Join(dir, digest("package-lock.json"))
	return modules, filepath.Join(modules, "program-"+digest(".mjs"))
}

func digest(suffix string) string {
	sum := sha256.New()
	for _, name := range embedded(suffix) {
		content, _ := program.ReadFile("node/" + name)
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

func embedded(suffixes ...string) []string {
	entries, _ := fs.ReadDir(program, "node") // it is in the binary
	var names []string
	for _, e := range entries {
		for _, suffix := range suffixes {
			if strings.HasSuffix(e.Name(), suffix) {
				names = append(names, e.Name())
			}
		}
	}
	return names
}

// appear fills a temporary folder and renames it to path, so that nobody ever sees half of it. The caller holds the lock:
// what an interrupted attempt left behind can go.
func appear(path string, fill func(at string) error) error {
	at := path + ".part"
	if err := os.RemoveAll(at); err != nil {
		return err
	}
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if err := fill(at); err != nil {
		_ = os.RemoveAll(at)
		return err
	}
	return os.Rename(at, path)
}

func unpack(at string, suffixes ...string) error {
	for _, name := range embedded(suffixes...) {
		content, err := program.ReadFile("node/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(at, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func fetch(ctx context.Context, at string) error {
	if err := checkNode(ctx); err != nil {
		return err
	}
	if err := unpack(at, "package.json", "package-lock.json"); err != nil {
		return err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return ErrNode
	}
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = at
	cmd.Env = append(os.Environ(), "npm_config_update_notifier=false")
	if !homeTakesCache() {
		cmd.Env = append(cmd.Env, "npm_config_cache="+at+".npm")
		defer func() { _ = os.RemoveAll(at + ".npm") }()
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}

// homeTakesCache says whether npm can keep its cache where it wants to, which for the users of services is often nowhere.
func homeTakesCache() bool {
	home, err := os.UserHomeDir()
	if err != nil {
		return false
	}
	cache := filepath.Join(home, ".npm")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return false
	}
	probe, err := os.CreateTemp(cache, "probe")
	if err != nil {
		return false
	}
	_ = probe.Close()
	return os.Remove(probe.Name()) == nil
}

func checkNode(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return ErrNode
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 20 {
		return fmt.Errorf("node is %s: %w", strings.TrimSpace(string(out)), ErrNode)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
