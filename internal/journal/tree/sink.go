package tree

import (
	"archive/tar"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Sink takes the files of an export. To one that keeps them, as Folder, an interrupted export can be given again.
type Sink interface {
	// Put stores one file. Names have slashes. content is only valid during the call.
	Put(name string, content []byte) error
}

// Folder is a Sink that writes below a folder. It replaces no file. A file is there whole, also after a crash, or not at all.
type Folder string

// unfinished is what the names of files begin with that were not written to their end.
const unfinished = ".unfinished-"

// Put stores one file.
func (d Folder) Put(name string, content []byte) error {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, error(&fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}))
	}
	f, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(dir)
}

// Get reads a file that was put before.
func (d Folder) Get(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)))
}

// Tidy removes the files that an interruption left unfinished.
func (d Folder) Tidy() error {
	root, err := os.OpenRoot(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasPrefix(entry.Name(), unfinished) {
			err = root.Remove(name)
		}
		return err
	})
	return errors.Join(err, root.Close())
}

// Tar is a Sink that writes a tar stream.
type Tar struct {
	w    *tar.Writer
	time time.Time
}

// NewTar returns a Sink that writes to w; its files are dated now. Close ends the archive.
func NewTar(w io.Writer, now time.Time) *Tar {
	return &Tar{w: tar.NewWriter(w), time: now.UTC().Truncate(time.Second)}
}

// Put stores one file.
func (t *Tar) Put(name string, content []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o600, ModTime: t.time, Format: tar.FormatUSTAR}
	if err := t.w.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.w.Write(content)
	return err
}

// Close ends the archive. It does not close the writer below.
func (t *Tar) Close() error { return t.w.Close() }
