package mutate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is the test program of one package, with every mutant in it.
type program struct {
	folder  string // of the package
	binary  string
	mutants []Mutant
	version string // of the package and its tests: what was found for another one says nothing
}

// build weaves and compiles a package. root is the module, folder the package within it, and what is made lies in work.
func build(ctx context.Context, root, folder, work string) (*program, error) {
	dir := filepath.Join(root, folder)
	sources, version, err := read(dir)
	if err != nil {
		return nil, err
	}
	p, err := find(sources)
	if err != nil {
		return nil, err
	}
	overlay := map[string]string{}
	put := func(name, text string) error {
		overlay[filepath.Join(dir, name)] = filepath.Join(work, name)
		return os.WriteFile(filepath.Join(work, name), []byte(text), 0o600)
	}
	for _, f := range p.files {
		if err := put(f.name, f.weave()); err != nil {
			return nil, fmt.Errorf("mutate: %w", err)
		}
	}
	if err := put("zz_mutants.go", fmt.Sprintf(runtime, p.files[0].tree.Name.Name)); err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	listed := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(listed, list, 0o600); err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	out := &program{folder: dir, binary: filepath.Join(work, "tests"), mutants: p.mutants, version: version}
	c := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", listed, "-o", out.binary, ".") //nolint:gosec // our own words
	c.Dir = dir
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mutate %s: %w\n%s", folder, err, bytes.TrimSpace(said))
	}
	return out, nil
}

// read returns the sources of a package, without its tests, and a version of all of it.
func read(dir string) (sources map[string][]byte, version string, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, "", fmt.Errorf("mutate: no package in %s", dir)
	}
	slices.Sort(names)
	sources, all := map[string][]byte{}, sha256.New()
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, "", fmt.Errorf("mutate: %w", err)
		}
		_, _ = fmt.Fprintf(all, "%s %d\n%s", filepath.Base(name), len(b), b)
		if !strings.HasSuffix(name, "_test.go") {
			sources[filepath.Base(name)] = b
		}
	}
	return sources, hex.EncodeToString(all.Sum(nil)), nil
}
