package verify

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"time"

	"mandat/internal/journal/format"
)

// readPoints checks the signatures of checkpoints that were kept while the entries from first to before end were added, and appends them.
func readPoints(kept io.Reader, v *verification, first, end int64, points []point) ([]point, error) {
	s := bufio.NewScanner(kept)
	s.Buffer(nil, format.MaxCheckpoint)
	s.Split(splitCheckpoints)
	last, seen := first, time.Time{}
	for s.Scan() {
		c, by, err := v.policy.signed(s.Bytes())
		if err != nil {
			return nil, &Fault{Index: last, Last: end - 1, What: fmt.Sprintf("a kept checkpoint after %d entries: %v", last, err)}
		}
		if c.Origin != v.head.Origin || c.Size <= last || c.Size > end {
			return nil, &Fault{Index: last, Last: end - 1, What: fmt.Sprintf("a kept checkpoint, of %d entries of %q, does not belong here", c.Size, c.Origin)}
		}
		last = c.Size
		p := point{size: c.Size, root: c.Root, what: keptPoint, by: by, seen: outside{stamped: v.stamps.of(c.Size)}}
		if p.seen.witnessed = v.policy.since(s.Bytes(), seen); !p.seen.witnessed.IsZero() {
			seen = p.seen.witnessed
		}
		points = append(points, p)
	}
	if err := s.Err(); err != nil {
		return nil, &Fault{Index: last, Last: end - 1, What: fmt.Sprintf("a kept checkpoint after %d entries: %v", last, err)}
	}
	return points, nil
}

var signatureLine = []byte("— ")

// splitCheckpoints cuts a file of signed checkpoints, which are separated by blank lines, for bufio.Scanner.
func splitCheckpoints(data []byte, atEOF bool) (advance int, token []byte, err error) {
	start := bytes.Index(data, append([]byte("\n\n"), signatureLine...)) // before the signatures
	if start >= 0 {
		if end := bytes.Index(data[start+2:], []byte("\n\n")); end >= 0 {
			return start + 2 + end + 2, data[:start+2+end+1], nil
		}
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
