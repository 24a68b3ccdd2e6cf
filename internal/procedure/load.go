package procedure

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed catalogues/*.json
var catalogues embed.FS

// all are the catalogues that the program carries, the newest first. They are read once.
var all = sync.OnceValues(func() ([]*Catalogue, error) {
	folder, err := fs.Sub(catalogues, "catalogues")
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	return readAll(folder)
})

// Load returns the newest catalogue that the program carries.
func Load() (*Catalogue, error) {
	versions, err := all()
	if err != nil {
		return nil, err
	}
	return versions[0], nil
}

// Version finds the catalogue of a version, as a mandate froze it.
func Version(v string) (*Catalogue, bool) {
	versions, _ := all() // an error leaves no version to find; Load says it, and nothing starts without Load
	i := slices.IndexFunc(versions, func(c *Catalogue) bool { return c.version == v })
	if i < 0 {
		return nil, false
	}
	return versions[i], true
}

// Find finds a procedure by its key in the newest version that holds it: also one that is retired, which somebody chose before.
func Find(key string) (Procedure, bool) {
	versions, _ := all()
	for _, c := range versions {
		if p, ok := c.Find(key); ok {
			return p, true
		}
	}
	return Procedure{}, false
}

// Versions lists the versions that the program carries, the newest first.
func Versions() []string {
	versions, _ := all()
	var out []string
	for _, c := range versions {
		out = append(out, c.version)
	}
	return out
}

// readAll reads every version, the newest first.
func readAll(folder fs.FS) ([]*Catalogue, error) {
	names, err := fs.Glob(folder, "*.json")
	if err != nil || len(names) == 0 {
		return nil, errors.Join(errors.New("catalogue: no version"), err)
	}
	var out []*Catalogue
	for _, name := range names {
		file, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		c, err := parse(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if c.version+".json" != name {
			return nil, fmt.Errorf("%s: catalogue: version %q is not its name", name, c.version)
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Catalogue) int { return slices.Compare(numbers(b.version), numbers(a.version)) })
	return out, nil
}

// numbers takes a version apart: 2026-12-10 comes after 2026-12-9. It is nil for what is no version.
func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, "-") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || strconv.Itoa(n) != part {
			return nil
		}
		out = append(out, n)
	}
	if len(out) != 3 || out[0] < 1000 || out[1] > 12 {
		return nil
	}
	return out
}
