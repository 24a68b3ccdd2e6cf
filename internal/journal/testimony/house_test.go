package testimony_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/dbtest"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/testimony"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
	"mandat/internal/outward"
	"mandat/internal/token"
)

const testOrigin = "mandat.test/journal"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// observer is a real witness of a log, with what a test does to its answers.
type observer struct {
	name   string
	dir    string
	key    witness.Key
	url    string
	asked  atomic.Int64
	open   *witness.Witness
	change atomic.Pointer[func(http.Handler) http.Handler] // nil: answers as it should
}

func newObserver(t testing.TB, name string, logs *format.Keys) *observer {
	t.Helper()
	o := &observer{name: name, dir: t.TempDir()}
	var err error
	o.key, err = witness.Init(o.dir, "temoin.test/"+name)
	must(t, err)
	_, err = witness.Begin(o.dir, logs)
	must(t, err)
	o.trust(t, logs)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		o.asked.Add(1)
		h := o.open.Handler()
		if change := o.change.Load(); change != nil {
			h = (*change)(h)
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); o.open.Close() })
	o.url = server.URL
	return o
}

// trust starts the witness with other keys of its log.
func (o *observer) trust(t testing.TB, logs *format.Keys) {
	t.Helper()
	if o.open != nil {
		o.open.Close()
	}
	var err error
	o.open, err = witness.Open(witness.Options{Dir: o.dir, Logs: logs, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
}

// lies makes the witness answer so, until f is nil.
func (o *observer) lies(f func(http.Handler) http.Handler) {
	if f == nil {
		o.change.Store(nil)
		return
	}
	o.change.Store(&f)
}

// ask posts a body, as anybody may, and returns the status of the answer.
func (o *observer) ask(t testing.TB, body string) int {
	t.Helper()
	resp, err := http.Post(o.url+"/add-checkpoint", "text/plain", strings.NewReader(body)) //nolint:noctx // in a test
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}

func (o *observer) line() string {
	return fmt.Sprintf("witness %s %s %s\n", o.name, o.key.VerifierKey(), o.url)
}

// house is a journal with its integrator and its witnesses.
type house struct {
	*dbtest.Database
	journal   *journal.Journal
	signer    *tree.Signer
	in        *tree.Integrator
	log       *tree.Log
	policy    *verify.Policy
	collector *testimony.Collector
	logged    *logged
}

// newHouse makes a journal under a key whose quorum is k of the witnesses.
func newHouse(t testing.TB, secret string, k int, witnesses ...*observer) *house {
	t.Helper()
	h := &house{Database: dbtest.New(t), signer: signerOf(t, secret), logged: &logged{}}
	h.journal = journal.New(h.DB, nil)
	h.trust(t, k, witnesses...)
	return h
}

// trust lets the journal have these witnesses from now on, as a server that starts with another file and remembers nothing.
func (h *house) trust(t testing.TB, k int, witnesses ...*observer) {
	t.Helper()
	lines, names := "", ""
	for _, o := range witnesses {
		lines += o.line()
		names += " " + o.name
	}
	var err error
	h.policy, err = verify.ParsePolicy([]byte(h.signer.PolicyWith("", lines+fmt.Sprintf("group enough %d%s\nquorum enough\n", k, names))))
	must(t, err)
	h.in = treetest.Integrator(t, tree.IntegratorOptions{DB: h.DB, Signer: h.signer.Witnessed(h.policy.Keys().Quorum()), KeepEvery: 1})
	h.log = h.in.Log()
	h.collector = h.another(t)
}

// another is one more server's collector.
func (h *house) another(t testing.TB) *testimony.Collector {
	t.Helper()
	client := outward.New(true)
	client.Timeout = 2 * time.Second
	c, err := testimony.New(testimony.Options{DB: h.DB, Log: h.log, Policy: h.policy, Logger: slog.New(h.logged), Tick: 10 * time.Millisecond, Client: client})
	must(t, err)
	return c
}

// acts does n acts, and has them in the tree and the last checkpoint kept.
func (h *house) acts(t testing.TB, n int) {
	t.Helper()
	for range n {
		by := journal.Actor{Kind: journal.Aidant, Person: token.ID(), Organisation: token.ID()}
		must(t, h.journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) {
			return journal.Event{Action: "session.opened"}, nil
		}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, h.in.CatchUp(ctx))
	for h.number(t, `select count(*) from journal_tree where size > kept_size`) > 0 {
		_, err := h.in.Step(ctx)
		must(t, err)
	}
}

// collect asks every witness once, although it failed a moment ago.
func (h *house) collect(t testing.TB) {
	t.Helper()
	h.behind(t, `update journal_witness set asked_at = '-infinity'`)
	for _, w := range h.policy.Witnesses() {
		must(t, h.collector.Collect(t.Context(), w))
	}
}

func (h *house) number(t testing.TB, sql string, args ...any) (n int64) {
	t.Helper()
	must(t, h.Connect(t, h.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func (h *house) behind(t testing.TB, sql string, args ...any) {
	t.Helper()
	must(t, pgx.BeginFunc(t.Context(), h.Connect(t, h.Superuser), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), sql, args...)
		return err
	}))
}

// published is the size of the checkpoint that is published and that the policy trusts; 0: none.
func (h *house) published(t testing.TB) int64 {
	t.Helper()
	signed, err := h.log.Checkpoint(t.Context())
	if err != nil {
		if !strings.Contains(err.Error(), "no checkpoint is cosigned") {
			t.Fatal(err)
		}
		return 0
	}
	c, err := format.OpenCheckpoint(signed, h.policy.Keys())
	must(t, err)
	if q := h.policy.Keys().Quorum(); q != nil && !q.Satisfied(signed) {
		t.Errorf("published without its quorum:\n%s", signed)
	}
	return c.Size
}

// failing is how a witness fails.
func (h *house) failing(t testing.TB, o *observer) string {
	t.Helper()
	s, err := h.collector.Status(t.Context())
	must(t, err)
	return s.Failing[o.name].Kind
}

// logged counts what is logged as an error.
type logged struct{ errors atomic.Int64 }

// Enabled takes everything.
func (l *logged) Enabled(context.Context, slog.Level) bool { return true }

// Handle counts.
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		l.errors.Add(1)
	}
	return nil
}

// WithAttrs changes nothing.
func (l *logged) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup changes nothing.
func (l *logged) WithGroup(string) slog.Handler { return l }

func signerOf(t testing.TB, secret string) *tree.Signer {
	t.Helper()
	s, err := tree.NewSigner(secret)
	must(t, err)
	return s
}

// keysOf are the keys of the log that a secret signs.
func keysOf(t testing.TB, secret string) *format.Keys {
	t.Helper()
	return signerOf(t, secret).Keys()
}

func newSecret(t testing.TB) string {
	t.Helper()
	secret, _, err := tree.GenerateKey(testOrigin)
	must(t, err)
	return secret
}
