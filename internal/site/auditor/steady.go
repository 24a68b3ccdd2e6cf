package auditor

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// An export may be larger than what goes over a line in the time that an answer has. Each piece of it has a time of its own instead: who reads goes on for as long as it takes,
// and who stops reading, or takes longer for a piece, is cut off and gives the turn back.
const (
	pieceOf     = 64 << 10 // bytes
	pieceWithin = 30 * time.Second
)

// steady writes an answer of any length, in pieces.
type steady struct {
	http.ResponseWriter
	within time.Duration // for a piece
}

// Write writes all of p, or says why not.
func (s *steady) Write(p []byte) (n int, err error) {
	deadline := http.NewResponseController(s.ResponseWriter)
	for len(p) > 0 && err == nil {
		if err := deadline.SetWriteDeadline(time.Now().Add(s.within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return n, fmt.Errorf("set the time for a piece of an answer: %w", err)
		}
		var m int
		m, err = s.ResponseWriter.Write(p[:min(len(p), pieceOf)])
		n, p = n+m, p[m:]
	}
	return n, err
}
