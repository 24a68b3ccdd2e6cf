package verify

import (
	"crypto/x509"
	"maps"
	"slices"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
)

// stamps are the timestamps of an export. Each is of a kept checkpoint, at whose size its file names it.
type stamps struct {
	roots   *x509.CertPool // nil: nobody's timestamps are believed, and none is checked
	waiting map[int64]bool // sizes of those that are listed and whose checkpoint was not met yet
	checked int64
	last    time.Time
}

// stampsOf finds the timestamps that the list of files names.
func stampsOf(c *contents, roots *x509.CertPool) *stamps {
	s := &stamps{roots: roots, waiting: map[int64]bool{}}
	for name := range c.sums {
		if size, ok := format.ParseTimestampName(name); ok {
			s.waiting[size] = true
		}
	}
	return s
}

// met checks the timestamp of a kept checkpoint, if there is one. They are met in the order of their sizes, and a later one cannot be of an
// earlier time.
func (s *stamps) met(c *contents, at format.Checkpoint) error {
	if !s.waiting[at.Size] || s.roots == nil {
		return nil
	}
	delete(s.waiting, at.Size)
	name := format.TimestampName(at.Size)
	token, err := c.read(name, stamp.MaxToken)
	if err != nil {
		return err
	}
	got, err := stamp.Verify(token, stamp.Sum([]byte(at.Text())), s.roots)
	if err != nil {
		return faultFile(name, "is not a timestamp of the %d entries: %v", at.Size, err)
	}
	if got.At.Before(s.last) {
		return faultFile(name, "is of %s, and one of fewer entries is of %s", got.At.Format(time.RFC3339), s.last.Format(time.RFC3339))
	}
	s.checked, s.last = s.checked+1, got.At
	return nil
}

// rest names a timestamp of which there is no checkpoint.
func (s *stamps) rest() error {
	if s.roots == nil || len(s.waiting) == 0 {
		return nil
	}
	first := slices.Min(slices.Collect(maps.Keys(s.waiting)))
	return faultFile(format.TimestampName(first), "is of no checkpoint that was kept")
}
