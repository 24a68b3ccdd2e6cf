package verify

import (
	"crypto/x509"
	"maps"
	"slices"
	"sync"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
)

// stamps are the timestamps of an export. Each is of a kept checkpoint, at whose size its file names it.
type stamps struct {
	roots   *x509.CertPool // nil: nobody's timestamps are believed, and none is checked
	listed  map[int64]bool // sizes of those that the list of files names
	checked int64
	last    time.Time // of the last that was checked

	mu  sync.Mutex
	met map[int64]bool // sizes of those whose checkpoint was met
}

// stampsOf finds the timestamps that the list of files names.
func stampsOf(c *contents, roots *x509.CertPool) *stamps {
	s := &stamps{roots: roots, listed: map[int64]bool{}, met: map[int64]bool{}}
	for name := range c.sums {
		if size, ok := format.ParseTimestampName(name); ok {
			s.listed[size] = true
		}
	}
	return s
}

// of says whether a checkpoint has a timestamp that is to be checked.
func (s *stamps) of(size int64) bool { return s.roots != nil && s.listed[size] }

// read checks the timestamp of a kept checkpoint, and returns its time.
func (s *stamps) read(c *contents, at format.Checkpoint) (time.Time, error) {
	name := format.TimestampName(at.Size)
	token, err := c.read(name, stamp.MaxToken)
	if err != nil {
		return time.Time{}, err
	}
	got, err := stamp.Verify(token, stamp.Sum([]byte(at.Text())), s.roots)
	if err != nil {
		return time.Time{}, faultFile(name, "is not a timestamp of the %d entries: %v", at.Size, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[at.Size] = true
	return got.At, nil
}

// next takes the timestamps in the order of their sizes: a later one cannot be of an earlier time.
func (s *stamps) next(w said) error {
	if w.stamped.IsZero() {
		return nil
	}
	if w.stamped.Before(s.last) {
		return faultFile(format.TimestampName(w.size), "is of %s, and one of fewer entries is of %s", w.stamped.Format(time.RFC3339), s.last.Format(time.RFC3339))
	}
	s.checked, s.last = s.checked+1, w.stamped
	return nil
}

// unchecked is how many there are that nobody named an authority for.
func (s *stamps) unchecked() int64 {
	if s.roots != nil {
		return 0
	}
	return int64(len(s.listed))
}

// rest names a timestamp of which there is no checkpoint.
func (s *stamps) rest() error {
	if s.roots == nil {
		return nil
	}
	for _, size := range slices.Sorted(maps.Keys(s.listed)) {
		if !s.met[size] {
			return faultFile(format.TimestampName(size), "is of no checkpoint that was kept")
		}
	}
	return nil
}
