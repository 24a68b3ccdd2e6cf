package witness

import (
	"errors"
	"strings"

	"mandat/internal/journal/format"
)

// Limits of a request.
const (
	maxBody  = format.MaxCheckpoint + 8<<10
	maxProof = 63 // lines
)

// request is what a log sends: the size it believes we hold, the proof that its tree grew from there, and its checkpoint.
type request struct {
	old    int64
	proof  []format.Hash
	signed []byte            // the checkpoint, a signed note
	text   string            // what is signed of it
	shown  format.Checkpoint // what it says; not yet believed
}

var errMalformed = errors.New("want: old <size>, at most 63 lines of proof, an empty line, a checkpoint")

// parseRequest reads the body of add-checkpoint.
func parseRequest(body []byte) (request, error) {
	head, signed, ok := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	if !ok || !isOld || len(lines)-1 > maxProof || len(signed) > format.MaxCheckpoint {
		return request{}, errMalformed
	}
	r := request{signed: []byte(signed)}
	var err error
	if r.old, err = format.ParseIndex(size); err != nil {
		return request{}, errMalformed
	}
	for _, line := range lines[1:] {
		h, err := format.ParseHash(line)
		if err != nil {
			return request{}, errMalformed
		}
		r.proof = append(r.proof, h)
	}
	text, signatures, ok := strings.Cut(signed, "\n\n")
	if !ok || signatures == "" {
		return request{}, errMalformed
	}
	r.text = text + "\n"
	if r.shown, err = format.ParseCheckpoint(r.text); err != nil || r.old > r.shown.Size {
		return request{}, errMalformed
	}
	return r, nil
}
