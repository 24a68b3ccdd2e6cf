package verify

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"mandat/internal/journal/format"
)

// contents are the files of an export. Since exports have a list of their files, each is held to it when it was read, so that
// no byte of them can change unseen, those among them that carry nothing of the log. The list is not signed: it shows accidents, and
// somebody who changed a file and the list must still get by everything else.
type contents struct {
	fs.FS
	sums    map[string]format.Hash // nil: there is no list, the export is of before there was one, or made as it is read
	request format.Request
	tiles   bool // the tiles above the leaves are there

	mu   sync.Mutex
	seen map[string]bool // files of the list that were read whole
}

// openContents reads the list of files and what was asked for. Of unlisted contents no list is expected.
func openContents(export fs.FS, unlisted bool) (*contents, error) {
	c := &contents{FS: export, request: format.Request{Form: format.FormLines}, seen: map[string]bool{}}
	if unlisted {
		return c, c.asked()
	}
	listed, err := readLimited(export, format.SumsName, format.MaxSums)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f, err := export.Open(format.RequestName); err == nil {
			_ = f.Close()
			return nil, faultFile(format.SumsName, "is missing: the export was not finished; begin it again with the same folder, and it goes on")
		}
		return c, nil
	case err != nil:
		return nil, err
	}
	if c.sums, err = format.ParseSums(listed); err != nil {
		return nil, faultFile(format.SumsName, "cannot be read: %v", err)
	}
	return c, c.asked()
}

// asked reads what the export is of.
func (c *contents) asked() error {
	text, err := c.read(format.RequestName, maxSmall)
	if err != nil {
		return err
	}
	if c.request, err = format.ParseRequest(text); err != nil {
		return faultFile(format.RequestName, "cannot be read: %v", err)
	}
	c.tiles = true
	return nil
}

// maxSmall is the most bytes of a file that is read at once.
const maxSmall = 1 << 20

// listed says whether the export has a file, as far as its list tells.
func (c *contents) listed(name string) bool {
	_, ok := c.sums[name]
	return ok
}

// opened is a file that is being read.
type opened struct {
	*bufio.Reader
	name string
	file fs.File
	sum  hash.Hash
	c    *contents
}

// open opens a file. What it returns must be closed, and asked whether it is whole.
func (c *contents) open(name string) (*opened, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	if c.sums == nil {
		return &opened{bufio.NewReaderSize(f, readAhead), name, f, nil, c}, nil
	}
	sum := sha256.New()
	return &opened{bufio.NewReaderSize(io.TeeReader(f, sum), readAhead), name, f, sum, c}, nil
}

const readAhead = 32 << 10

func (o *opened) close() { _ = o.file.Close() }

// whole reads what is left, and says whether the file is the one in the list.
func (o *opened) whole() error {
	if o.sum == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, o.Reader); err != nil {
		return err
	}
	want, ok := o.c.sums[o.name]
	if !ok {
		return faultFile(o.name, "is not in the list of the export's files, %s", format.SumsName)
	}
	if format.Hash(o.sum.Sum(nil)) != want {
		return faultFile(o.name, "is not the file that was exported: its SHA-256 is not the one in %s", format.SumsName)
	}
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.c.seen[o.name] = true
	return nil
}

// read reads a small file of the list.
func (c *contents) read(name string, limit int64) ([]byte, error) {
	o, err := c.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, faultFile(name, "is missing")
	}
	if err != nil {
		return nil, err
	}
	defer o.close()
	b, err := io.ReadAll(io.LimitReader(o, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = faultFile(name, "is too long")
	}
	if err != nil {
		return nil, err
	}
	return b, o.whole()
}

// tile reads a tile of the tree.
func (c *contents) tile(t format.TilePath) ([]format.Hash, error) {
	b, err := c.read(t.String(), int64(format.TileWidth*len(format.Hash{})))
	if err != nil {
		return nil, err
	}
	if len(b) != t.Width*len(format.Hash{}) {
		return nil, faultFile(t.String(), "has not %d hashes", t.Width)
	}
	out := make([]format.Hash, t.Width)
	for n := range out {
		copy(out[n][:], b[n*len(format.Hash{}):])
	}
	return out, nil
}

// rest checks the files that nothing else has read, and that there are no others.
func (c *contents) rest() error {
	if c.sums == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.sums)) {
		if c.seen[name] {
			continue
		}
		o, err := c.open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return faultFile(name, "is missing")
		}
		if err != nil {
			return err
		}
		err = o.whole()
		o.close()
		if err != nil {
			return err
		}
	}
	return c.nothingElse()
}

// nothingElse refuses files that are not in the list.
func (c *contents) nothingElse() error {
	if archive, ok := c.FS.(*tarFS); ok {
		for name := range archive.files {
			if !c.listed(name) && name != format.SumsName {
				return faultFile(name, "is not in the list of the export's files, %s", format.SumsName)
			}
		}
		return nil
	}
	return fs.WalkDir(c.FS, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir() && !c.listed(name) && name != format.SumsName:
			return faultFile(name, "is not in the list of the export's files, %s", format.SumsName)
		}
		return nil
	})
}

// faultFile is a fault of a file as a whole.
func faultFile(name, what string, args ...any) *Fault {
	return &Fault{Index: -1, Last: -1, File: name, What: name + " " + fmt.Sprintf(what, args...)}
}
