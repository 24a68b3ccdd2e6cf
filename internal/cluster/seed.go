package cluster

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// seed is the file that a new cluster begins as, "" for none. What one PostgreSQL wrote, another one of the same name does not read.
func (c *Cluster) seed() string {
	if c.options.Seed == "" || c.options.Durable {
		return ""
	}
	return fmt.Sprintf("%s-%.6x.tar", c.options.Seed, sha256.Sum256([]byte(c.binaries.version)))
}

// Sow keeps the cluster as it is now, for those that are started with the same Options.Seed. Connections end: it is stopped
// meanwhile, so that its files are whole.
func (c *Cluster) Sow(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := c.seed()
	if path == "" || c.process == nil {
		return errors.New("keep a cluster as a seed: it does not run, is durable, or has no Options.Seed")
	}
	err := c.process.stop(false)
	c.process = nil
	if err == nil {
		err = pack(c.place.data, path)
	}
	if err = errors.Join(err, c.launch(ctx)); err != nil {
		return fmt.Errorf("keep a cluster as a seed: %w", err)
	}
	return nil
}

// pack writes a folder as an archive, which is there only when it is whole: others may look for it.
func pack(folder, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the file has what any test's database has
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = errors.Join(w.AddFS(os.DirFS(folder)), w.Close(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// grow makes a data folder of the seed, and reports whether there was one that could be read.
func (c *Cluster) grow(folder string) bool {
	f, err := os.Open(c.seed())
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	if err := unpack(f, folder, c.who); err == nil {
		return true
	}
	_ = os.RemoveAll(folder)
	return false
}

// unpack writes an archive of pack into a new folder that belongs to who.
func unpack(from io.Reader, folder string, who identity) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := who.own(folder); err != nil {
		return err
	}
	r := tar.NewReader(from)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%s is not below the folder", h.Name)
		}
		if h.Name == "." {
			continue
		}
		path := filepath.Join(folder, filepath.FromSlash(h.Name))
		if h.FileInfo().Mode().Type() == fs.ModeDir {
			err = os.Mkdir(path, 0o700)
		} else {
			err = write(path, r)
		}
		if err = errors.Join(err, who.own(path)); err != nil {
			return err
		}
	}
}

func write(path string, content io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
