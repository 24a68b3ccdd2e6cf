package tree

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Sink takes the files of an export.
type Sink interface {
	// Put stores one file. Names have slashes. content is only valid during the call.
	Put(name string, content []byte) error
}

// Folder is a Sink that writes below a folder. It replaces no file.
type Folder string

// Put stores one file.
func (d Folder) Put(name string, content []byte) error {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
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
