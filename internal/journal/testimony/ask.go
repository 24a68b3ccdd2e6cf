package testimony

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// What can be wrong with a witness' answer, or with us.
const (
	unreachable = "unreachable" // it did not answer in time
	refused     = "refused"     // it does not know the log or its key, or failed
	wrong       = "wrong"       // it answered what no witness answers: its cosignature is not one
	ahead       = "ahead"       // it holds more entries than the database: the database went back
	fork        = "fork"        // it holds other entries: somebody has shown it another log with our signature
)

const (
	askTimeout = 5 * time.Second // for one answer
	tries      = 3               // sizes that it is told, one after the other
	maxAnswer  = 32 << 10        // bytes
	sizeType   = "text/x.tlog.size"
	backward   = 30 * time.Minute // by which the clock of a witness may be behind ours
	forward    = 5 * time.Minute  // and before
)

// outcome is what came of asking a witness.
type outcome struct {
	line    string // its cosignature, verified
	held    int64  // entries of the tree that it says it holds; -1: it did not say
	failure string // "" when there is a line, or when it holds a tree that is not kept
	err     error  // what is to be logged about the failure; of what the witness wrote, nothing
}

func failed(kind string, format string, args ...any) outcome {
	return outcome{held: -1, failure: kind, err: fmt.Errorf(format, args...)}
}

// consult asks a witness, from the size that it is known to hold; when it names another one, from there. An error is of our own side.
func (c *Collector) consult(ctx context.Context, w verify.Witness, t *task) (outcome, error) {
	old := min(t.held, t.size)
	for range tries {
		path, err := c.log.ProveGrowth(ctx, old, t.checkpoint)
		if err != nil {
			return outcome{}, err
		}
		a, err := c.post(ctx, w, old, path, t.note)
		switch {
		case err != nil:
			return failed(unreachable, "%w", err), nil
		case a.status == http.StatusOK:
			return c.read(w, t, a.body), nil
		case a.status == http.StatusUnprocessableEntity:
			return failed(fork, "it holds %d entries that are not the first of ours", old), nil
		case a.status != http.StatusConflict || a.held < 0:
			return failed(refused, "status %d", a.status), nil
		case a.held == old && old == t.size:
			return failed(fork, "it holds %d other entries", old), nil
		case a.held == old:
			return failed(wrong, "it holds %d entries, and does not want to be asked from there", old), nil
		case a.held > t.size:
			return c.beyond(ctx, a.held)
		}
		old = a.held
	}
	return failed(wrong, "it names another size each time"), nil
}

// beyond is for a witness that holds a larger tree than the newest kept one: cosigned a moment ago through another server, or, if it
// is larger than the tree of now, of a journal that this database has forgotten.
func (c *Collector) beyond(ctx context.Context, held int64) (outcome, error) {
	size, err := c.treeSize(ctx)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{held: held}
	if held > size {
		o.failure, o.err = ahead, fmt.Errorf("it holds %d entries, the database %d", held, size)
	}
	return o, nil
}

// reply is what a witness sent back.
type reply struct {
	status int
	held   int64 // the size that it names; -1: none
	body   []byte
}

// post makes one request.
func (c *Collector) post(ctx context.Context, w verify.Witness, old int64, path []format.Hash, signed string) (reply, error) {
	var body strings.Builder
	fmt.Fprintf(&body, "old %d\n", old)
	for _, h := range path {
		body.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	body.WriteString("\n" + signed)
	address, err := w.Submission()
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body.String()))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := c.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	a := reply{status: resp.StatusCode, held: -1}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return reply{}, err
	}
	if len(a.body) > maxAnswer {
		a.body = nil // no witness has so much to say
	}
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); a.status == http.StatusConflict && kind == sizeType {
		if n, err := format.ParseIndex(strings.TrimSuffix(string(a.body), "\n")); err == nil {
			a.held = n
		}
	}
	return a, nil
}

// read finds the witness' cosignature in its answer. Lines by other keys are ignored, as the specification wants.
func (c *Collector) read(w verify.Witness, t *task, answer []byte) outcome {
	for line := range strings.SplitAfterSeq(string(answer), "\n") {
		at, err := c.cosignature(w, t.note, line)
		if errors.Is(err, errNotTheirs) {
			continue
		}
		if err != nil {
			return failed(wrong, "%w", err)
		}
		if now := c.clock.Now(); at.Before(now.Add(-backward)) || at.After(now.Add(forward)) {
			return failed(wrong, "its cosignature is of another time: %s", at.UTC().Format(time.RFC3339))
		}
		return outcome{line: line, held: t.size}
	}
	return failed(wrong, "no cosignature by its key")
}

var errNotTheirs = errors.New("not a line by this witness")

// cosignature verifies one line over a checkpoint, and returns when it was signed.
func (c *Collector) cosignature(w verify.Witness, signed, line string) (time.Time, error) {
	fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	if len(fields) != 3 || fields[0] != "—" || fields[1] != w.Key.Name() || !strings.HasSuffix(line, "\n") {
		return time.Time{}, errNotTheirs
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(fields[2])
	if err != nil || len(raw) < 4 || !bytes.Equal(raw[:4], keyHash(w)) {
		return time.Time{}, errNotTheirs
	}
	n, err := note.Open([]byte(signed+line), note.VerifierList(w.Key))
	if err != nil {
		return time.Time{}, errors.New("its cosignature is not over this checkpoint, or not by its key")
	}
	i := slices.IndexFunc(n.Sigs, func(s note.Signature) bool { return s.Name == w.Key.Name() && s.Hash == w.Key.KeyHash() })
	if i < 0 {
		return time.Time{}, errNotTheirs
	}
	return fnote.CoSigV1Timestamp(n.Sigs[i])
}

func keyHash(w verify.Witness) []byte {
	return binary.BigEndian.AppendUint32(nil, w.Key.KeyHash())
}
