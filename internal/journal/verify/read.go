package verify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
)

// Reader reads what an export of everything holds, for who has more questions than whether it is whole. It believes nothing: Log has to check the
// export first. Files that are read to their end are held to the export's list again, and lines to their commitments.
type Reader struct {
	contents *contents
	head     format.Checkpoint
	lines    lineReader
}

// ErrPart says that an export is of a part of the log, where one of everything is wanted.
var ErrPart = errors.New("the export is of a part of the journal; one of everything is wanted")

// NewReader opens an export of everything, with the list of its files.
func NewReader(export fs.FS, policy *Policy) (*Reader, error) {
	c, err := openContents(export, false)
	if err != nil {
		return nil, wrap(err)
	}
	signed, err := c.read(format.CheckpointName, format.MaxCheckpoint)
	if err != nil {
		return nil, wrap(err)
	}
	head, _, err := policy.open(signed)
	if err != nil {
		return nil, wrap(err)
	}
	if c.sums == nil || !c.request.Whole(head.Size) {
		return nil, ErrPart
	}
	return &Reader{contents: c, head: head}, nil
}

// Close gives back what reading took.
func (r *Reader) Close() { r.lines.release() }

// Size is the number of entries.
func (r *Reader) Size() int64 { return r.head.Size }

// Lines passes on the line of each entry, in their order. What lies in a line is another's when each returns.
func (r *Reader) Lines(ctx context.Context, each func(format.Line) error) error {
	form, next := r.contents.request.Form, int64(0)
	for n := int64(0); n*format.FileEntries < r.head.Size; n++ {
		o, err := r.contents.open(form.Name(n))
		if err != nil {
			return wrap(err)
		}
		rest, err := r.lines.read(ctx, o, form, func(b []byte) error {
			l, b, what := form.Parse(b)
			if what == "" && l.Index != next {
				what = "is missing or moved"
			}
			if what == "" {
				what = l.Check(b)
			}
			if what != "" {
				return faultAt(next, "%s", what)
			}
			next++
			return each(l)
		})
		if err == nil && len(rest) > 0 {
			err = faultAt(next, "its line is cut off")
		}
		if err == nil {
			err = o.whole()
		}
		o.close()
		if err != nil {
			return wrap(err)
		}
	}
	if next != r.head.Size {
		return wrap(faultAt(next, "is missing"))
	}
	return nil
}

// Kept passes on the checkpoints that were kept of trees of more than after entries, in their order, with what stands below them, until each
// returns false.
func (r *Reader) Kept(after int64, each func(size int64, signed []byte) (bool, error)) error {
	for n := after / format.FileEntries; n*format.FileEntries < r.head.Size; n++ {
		more, err := r.keptIn(fmt.Sprintf(format.CheckpointsName, n), after, each)
		if err != nil || !more {
			return wrap(err)
		}
	}
	return nil
}

func (r *Reader) keptIn(name string, after int64, each func(size int64, signed []byte) (bool, error)) (more bool, err error) {
	o, err := r.contents.open(name)
	if err != nil {
		return false, err
	}
	defer o.close()
	s := bufio.NewScanner(o)
	s.Buffer(nil, format.MaxCheckpoint)
	s.Split(splitCheckpoints)
	for s.Scan() {
		c, err := format.ParseCheckpoint(format.TextOf(s.Text()))
		if err != nil {
			return false, faultFile(name, "cannot be read: %v", err)
		}
		if c.Size <= after {
			continue
		}
		if more, err := each(c.Size, s.Bytes()); err != nil || !more {
			return false, err
		}
	}
	if err := s.Err(); err != nil {
		return false, faultFile(name, "cannot be read: %v", err)
	}
	return true, o.whole()
}

// Timestamp is that of the checkpoint that was kept of a tree of this size; nil: there is none.
func (r *Reader) Timestamp(size int64) ([]byte, error) {
	name := format.TimestampName(size)
	if !r.contents.listed(name) {
		return nil, nil
	}
	token, err := r.contents.read(name, stamp.MaxToken)
	return token, wrap(err)
}
