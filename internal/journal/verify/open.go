package verify

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// OpenExport opens an export for Log: a folder, or an uncompressed .tar file, which is read where it lies.
func OpenExport(path string) (fs.FS, io.Closer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open export: %w", err)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, nil, fmt.Errorf("open export: %w", err)
		}
		return plainFS{root.FS()}, root, nil
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("open export: %w", notPlain(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open export: %w", err)
	}
	archive, err := indexTar(f)
	if err != nil {
		_ = f.Close()
		return nil, nil, fmt.Errorf("open export: %w", err)
	}
	return archive, f, nil
}

// plainFS opens folders and regular files only: opening a pipe would wait for ever for somebody to write.
type plainFS struct{ fs.FS }

// Open opens a file or folder.
func (p plainFS) Open(name string) (fs.File, error) {
	info, err := fs.Stat(p.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, notPlain(name)
	}
	return p.FS.Open(name)
}

var errNotPlain = errors.New("neither a folder nor a regular file")

func notPlain(path string) error { return &fs.PathError{Op: "open", Path: path, Err: errNotPlain} }

// tarFS finds the files of a tar archive without unpacking it, so that several can be read at a time.
type tarFS struct {
	file  *os.File
	files map[string]*tarFile
}

// Bounds of the index of an archive: enough for ten thousand million entries, and for any name in an export.
const (
	maxTarFiles = 500_000
	maxTarName  = 200
)

// plain reports whether an entry of an archive is a file of its own that everybody who unpacks it finds alike, and below where they unpack it: no link, and no file with
// holes, which is laid out otherwise in the archive than on a disk.
func plain(h *tar.Header) bool {
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return false
		}
	}
	return h.Typeflag == tar.TypeReg && len(h.Name) <= maxTarName && fs.ValidPath(h.Name)
}

func indexTar(f *os.File) (*tarFS, error) {
	out := &tarFS{file: f, files: map[string]*tarFile{}}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("tar: %w", err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if !plain(h) {
			return nil, fmt.Errorf("tar: %.200q: %w", h.Name, errNotPlain)
		}
		at, err := f.Seek(0, io.SeekCurrent) // the reader reads headers whole and seeks over contents
		if err != nil {
			return nil, err
		}
		if _, twice := out.files[h.Name]; twice || len(out.files) >= maxTarFiles {
			return nil, fmt.Errorf("tar: %q twice, or too many files", h.Name)
		}
		out.files[h.Name] = &tarFile{info: h.FileInfo(), at: at, size: h.Size}
	}
}

// Open opens a file of the archive.
func (t *tarFS) Open(name string) (fs.File, error) {
	f, ok := t.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &tarFile{info: f.info, Reader: io.NewSectionReader(t.file, f.at, f.size)}, nil
}

type tarFile struct {
	io.Reader
	info     fs.FileInfo
	at, size int64
}

// Stat describes the file.
func (f *tarFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing: the archive stays open.
func (f *tarFile) Close() error { return nil }
