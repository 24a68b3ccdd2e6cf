package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/journal/format"
)

// ErrBelow says that the database holds fewer entries than this server has seen signed: it was restored from an older
// copy. Signing on would give the lost entries' places to others.
var ErrBelow = errors.New("the journal in the database is older than the last checkpoint this server saw")

// ErrBeside says that the database holds other entries than those this server has seen signed.
var ErrBeside = errors.New("the journal in the database does not continue the last checkpoint this server saw")

// state is the last checkpoint a server saw, kept in a file outside the database. The file is the signed checkpoint
// itself. A server neither shows nor signs anything that does not continue it.
type state struct {
	path string // "" keeps it in memory only
	logs *format.Keys

	mu     sync.Mutex
	last   format.Checkpoint // Origin is "" until one was seen
	signed []byte
}

// openState reads the file, which need not exist yet. Its folder must.
func openState(path string, logs *format.Keys) (*state, error) {
	s := &state{path: path, logs: logs}
	if path == "" {
		return s, nil
	}
	if err := tidy(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("journal state: %w", err)
	}
	signed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal state: %w", err)
	}
	if s.last, err = format.OpenCheckpoint(signed, logs); err != nil {
		return nil, fmt.Errorf("journal state %s: %w", path, err)
	}
	s.signed = signed
	return s, nil
}

// seen returns the last checkpoint and its signed form.
func (s *state) seen() (format.Checkpoint, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.signed
}

// admit checks that next, which the database showed after last was seen, continues it, with a proof made from tiles.
func admit(last, next format.Checkpoint, tiles tlog.TileReader) error {
	switch {
	case last.Origin == "":
		return nil
	case next.Origin != last.Origin:
		return fmt.Errorf("%w: it is the log %q, not %q", ErrBeside, next.Origin, last.Origin)
	case next.Size < last.Size:
		return fmt.Errorf("%w: %d entries, not %d", ErrBelow, next.Size, last.Size)
	}
	err := format.Extends(tiles, last, next)
	if err != nil && !errors.Is(err, errUnread) {
		return fmt.Errorf("%w: %w", ErrBeside, err)
	}
	return err
}

// keep remembers a checkpoint that was admitted, on disk before it returns. An older one changes nothing.
func (s *state) keep(c format.Checkpoint, signed []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Origin != "" && c.Size <= s.last.Size {
		return nil
	}
	if s.path != "" {
		if err := replaceFile(s.path, signed); err != nil {
			return fmt.Errorf("journal state: %w", err)
		}
	}
	s.last, s.signed = c, signed
	return nil
}

// unwritten is what the names of files begin with that are not in their place yet. Each has a name of its own: of two servers that were
// given one folder by mistake, neither may write into what the other puts into its place.
const unwritten = ".journal-"

// tidy removes what a server left that was killed before the file was in its place.
func tidy(dir string) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, f := range all {
		if !strings.HasPrefix(f.Name(), unwritten) {
			continue
		}
		if e := os.Remove(filepath.Join(dir, f.Name())); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// replaceFile puts content in place of a file so that after a crash either the old or the new one is there, whole.
func replaceFile(path string, content []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, unwritten+"*")
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

// syncFolder makes what a folder holds last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
