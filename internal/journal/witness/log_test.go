package witness_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
)

const (
	testOrigin  = "mandat.test/journal"
	testWitness = "temoin.test/w"
)

// journal is a log in memory.
type journal struct {
	signer *tree.Signer
	hashes []tlog.Hash // as the tlog package stores them
	size   int64
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (j *journal) reader() tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = j.hashes[x]
		}
		return out, nil
	}
}

// grow adds n entries, whose content differs by the branch.
func (j *journal) grow(t testing.TB, n int, branch string) {
	t.Helper()
	for range n {
		more, err := tlog.StoredHashes(j.size, fmt.Appendf(nil, "%s %d", branch, j.size), j.reader())
		must(t, err)
		j.hashes = append(j.hashes, more...)
		j.size++
	}
}

// branch is a copy that goes on by itself.
func (j *journal) branch() *journal {
	return &journal{signer: j.signer, hashes: append([]tlog.Hash{}, j.hashes...), size: j.size}
}

func (j *journal) root(t testing.TB, size int64) format.Hash {
	t.Helper()
	h, err := tlog.TreeHash(size, j.reader())
	must(t, err)
	return format.Hash(h)
}

// signed is the checkpoint of the first size entries.
func (j *journal) signed(t testing.TB, size int64) string {
	t.Helper()
	b, err := j.signer.Sign(size, j.root(t, size))
	must(t, err)
	return string(b)
}

// proof is the lines of a request that lead from one size to another.
func (j *journal) proof(t testing.TB, old, size int64) string {
	t.Helper()
	if old == 0 || old == size {
		return ""
	}
	path, err := tlog.ProveTree(size, old, j.reader())
	must(t, err)
	var b strings.Builder
	for _, h := range path {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	return b.String()
}

func (j *journal) request(t testing.TB, old, size int64) string {
	t.Helper()
	return fmt.Sprintf("old %d\n%s\n%s", old, j.proof(t, old, size), j.signed(t, size))
}

// place is a witness with its folder, of which tests open one program after the other.
type place struct {
	dir  string
	key  witness.Key
	logs *format.Keys
	open *witness.Witness
	url  string
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func keysOf(t testing.TB, s *tree.Signer) *format.Keys {
	t.Helper()
	p, err := verify.ParsePolicy([]byte(s.Policy("")))
	must(t, err)
	return p.Keys()
}

// newPlace makes a witness of a log and starts it.
func newPlace(t testing.TB, s *tree.Signer) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), logs: keysOf(t, s)}
	var err error
	p.key, err = witness.Init(p.dir, testWitness)
	must(t, err)
	_, err = witness.Begin(p.dir, p.logs)
	must(t, err)
	p.start(t)
	return p
}

func (p *place) start(t testing.TB) {
	t.Helper()
	var err error
	p.open, err = witness.Open(witness.Options{Dir: p.dir, Logs: p.logs, Log: quiet()})
	must(t, err)
	server := httptest.NewServer(p.open.Handler())
	p.url = server.URL
	t.Cleanup(server.Close)
}

// restart ends the program and starts another on the same folder.
func (p *place) restart(t testing.TB) {
	t.Helper()
	p.open.Close()
	p.start(t)
}

// ask posts a body to add-checkpoint.
func (p *place) ask(t testing.TB, body string) (status int, kind, text string) {
	t.Helper()
	resp, err := http.Post(p.url+"/add-checkpoint", "text/plain", strings.NewReader(body)) //nolint:noctx // in a test
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(b)
}

// cosigned is a policy under which only what this witness cosigned counts.
func (p *place) cosigned(t testing.TB, s *tree.Signer, signed, line string) bool {
	t.Helper()
	policy, err := verify.ParsePolicy([]byte(s.PolicyWith("", "witness w "+p.key.VerifierKey()+"\nquorum w\n")))
	must(t, err)
	return policy.Keys().Quorum().Satisfied([]byte(signed + line))
}
