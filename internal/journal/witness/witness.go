package witness

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/clock"
	"mandat/internal/journal/format"
)

// Options says what to watch.
type Options struct {
	Dir   string       // as Init and Begin made it
	Logs  *format.Keys // whose checkpoints are cosigned: the keys of logs, those that ended among them
	Clock *clock.Clock // nil is the machine's
	Log   *slog.Logger // nil is slog.Default
}

// Witness cosigns checkpoints.
type Witness struct {
	dir    string
	key    Key
	logs   *format.Keys
	states map[string]*state // by the logs' names
	clock  *clock.Clock
	log    *slog.Logger
	unlock func()
}

// Open reads the folder of a witness. It refuses one in which another program works, and one that does not say for each log
// what was cosigned last. Close it.
func Open(o Options) (*Witness, error) {
	w := &Witness{dir: o.Dir, logs: o.Logs, states: map[string]*state{}, clock: o.Clock, log: o.Log}
	if w.log == nil {
		w.log = slog.Default()
	}
	var err error
	if w.key, err = LoadKey(o.Dir); err != nil {
		return nil, err
	}
	if w.unlock, err = lock(o.Dir); err != nil {
		return nil, err
	}
	for _, origin := range o.Logs.Origins() {
		if w.states[origin], err = openState(o.Dir, origin, o.Logs); err != nil {
			w.unlock()
			return nil, err
		}
	}
	return w, nil
}

// Close lets another program have the folder.
func (w *Witness) Close() { w.unlock() }

// Key is the witness' key.
func (w *Witness) Key() Key { return w.key }

// Handler serves add-checkpoint (C2SP tlog-witness), and at / what the witness is and holds, in plain text.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET /{$}", w.tell)
	return mux
}

// sizeType is the type of an answer that tells the size that is held.
const sizeType = "text/x.tlog.size"

// answer is what is sent back.
type answer struct {
	status int
	kind   string
	body   string
}

func refuse(status int, why string) answer {
	return answer{status, "text/plain; charset=utf-8", why + "\n"}
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	a := refuse(http.StatusBadRequest, "the body could not be read, or is too long")
	if err == nil {
		a = w.judge(body)
	}
	h := rw.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	rw.WriteHeader(a.status)
	_, _ = io.WriteString(rw, a.body)
}

// judge asks everything that needs no memory, in the order of the specification.
func (w *Witness) judge(body []byte) answer {
	q, err := parseRequest(body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	s, ok := w.states[q.shown.Origin]
	if !ok {
		return refuse(http.StatusNotFound, "this log is not watched here")
	}
	if c, _, err := w.logs.Open(q.signed); err != nil || c != q.shown {
		return refuse(http.StatusForbidden, "no signature by a key of this log that counts here")
	}
	return w.advance(s, q)
}

// advance cosigns a checkpoint that continues the last one, and nothing else. Of two at the same time one waits for the other's file.
func (w *Witness) advance(s *state, q request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := answer{http.StatusConflict, sizeType, fmt.Sprintf("%d\n", s.last.Size)}
	if q.old != s.last.Size {
		return held
	}
	if q.old == q.shown.Size && q.shown.Root != s.last.Root {
		w.suspect(contradiction, s, q)
		return held
	}
	if !grown(q, s.last) {
		w.suspect(doubt, s, q)
		return refuse(http.StatusUnprocessableEntity, "the proof does not lead from the tree held to this one")
	}
	if q.shown.Size > s.last.Size || s.signed == nil {
		if err := s.keep(q.shown, q.signed); err != nil {
			w.log.Error("a checkpoint could not be kept, and was not cosigned", slog.Any("error", err))
			return refuse(http.StatusInternalServerError, "it could not be kept")
		}
	}
	w.log.Debug("cosigned", slog.String("log", q.shown.Origin), slog.Int64("size", q.shown.Size))
	return answer{http.StatusOK, "text/plain; charset=utf-8", w.key.Cosign(q.text, w.clock.Now())}
}

// grown reports whether the tree that is shown begins with the one held.
func grown(q request, last format.Checkpoint) bool {
	if last.Size == 0 {
		return len(q.proof) == 0 && (q.shown.Size > 0 || q.shown.Root == format.EmptyRoot())
	}
	if q.shown.Size == last.Size {
		return len(q.proof) == 0
	}
	path := make(tlog.TreeProof, len(q.proof))
	for i, h := range q.proof {
		path[i] = tlog.Hash(h)
	}
	return tlog.CheckTree(path, q.shown.Size, tlog.Hash(q.shown.Root), last.Size, tlog.Hash(last.Root)) == nil
}

// tell says who this is and what is held: the last checkpoint of each log, as it was signed.
func (w *Witness) tell(rw http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	fmt.Fprintf(&b, "A witness of transparency logs (C2SP tlog-witness): %s\n", w.key.VerifierKey())
	for _, origin := range w.logs.Origins() {
		s := w.states[origin]
		s.mu.Lock()
		held := string(s.signed)
		s.mu.Unlock()
		if held == "" {
			held = origin + ": " + nothingYet
		}
		b.WriteString("\n" + held)
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(rw, b.String())
}
