package witness_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/witness"
)

func TestWitness_CosignsWhatContinues(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 600, "a")
	last := int64(0)
	for _, size := range []int64{0, 1, 1, 2, 7, 8, 255, 256, 257, 600} {
		status, _, line := p.ask(t, j.request(t, last, size))
		if status != http.StatusOK {
			t.Fatalf("from %d to %d: %d %s", last, size, status, line)
		}
		if !p.cosigned(t, j.signer, j.signed(t, size), line) {
			t.Errorf("from %d to %d: not a cosignature: %s", last, size, line)
		}
		if size > 0 && p.cosigned(t, j.signer, j.signed(t, size-1), line) {
			t.Errorf("the cosignature over %d entries is good for fewer", size)
		}
		last = size
	}
	resp, err := http.Get(p.url + "/") //nolint:noctx // in a test
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("GET /: %d", resp.StatusCode)
	}
}

// Each refusal leaves what is held as it is.
func TestWitness_Refuses(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 5, "a")
	other := j.branch()
	other.grow(t, 5, "b")
	j.grow(t, 5, "a")
	if status, _, _ := p.ask(t, "old 0\n"+j.proof(t, 6, 7)+"\n"+j.signed(t, 7)); status != http.StatusUnprocessableEntity {
		t.Errorf("a proof that leads from nothing: %d", status)
	}
	if status, _, _ := p.ask(t, j.request(t, 0, 7)); status != http.StatusOK {
		t.Fatal(status)
	}
	stranger := &journal{signer: treetest.Signer(t, "other.test/journal"), hashes: j.hashes, size: j.size}
	thief := &journal{signer: treetest.Signer(t, testOrigin), hashes: j.hashes, size: j.size}
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"a log that is not watched":           {stranger.request(t, 7, 9), http.StatusNotFound},
		"another key of the same name":        {thief.request(t, 7, 9), http.StatusForbidden},
		"a changed root":                      {strings.Replace(j.request(t, 7, 9), "\n9\n", "\n10\n", 1), http.StatusForbidden},
		"the old size above the new one":      {"old 9\n\n" + j.signed(t, 8), http.StatusBadRequest},
		"an old size that is not held":        {j.request(t, 5, 9), http.StatusConflict},
		"from nothing again":                  {j.request(t, 0, 9), http.StatusConflict},
		"back":                                {j.request(t, 5, 6), http.StatusConflict},
		"another tree of the same size":       {other.request(t, 7, 7), http.StatusConflict},
		"another tree that is larger":         {other.request(t, 7, 10), http.StatusUnprocessableEntity},
		"the proof of another size":           {"old 7\n" + j.proof(t, 6, 9) + "\n" + j.signed(t, 9), http.StatusUnprocessableEntity},
		"no proof":                            {"old 7\n\n" + j.signed(t, 9), http.StatusUnprocessableEntity},
		"a proof where there is none to make": {"old 7\n" + j.proof(t, 6, 7) + "\n" + j.signed(t, 7), http.StatusUnprocessableEntity},
		"no body":                             {"", http.StatusBadRequest},
		"no old line":                         {"\n" + j.signed(t, 9), http.StatusBadRequest},
		"an old size with a zero before":      {strings.Replace(j.request(t, 7, 9), "old 7", "old 07", 1), http.StatusBadRequest},
		"a negative old size":                 {strings.Replace(j.request(t, 7, 9), "old 7", "old -7", 1), http.StatusBadRequest},
		"a proof that is not base64":          {"old 7\n!\n\n" + j.signed(t, 9), http.StatusBadRequest},
		"a hash that is too short":            {"old 7\nAAAA\n\n" + j.signed(t, 9), http.StatusBadRequest},
		"64 lines of proof":                   {"old 7\n" + strings.Repeat(strings.Repeat("A", 43)+"=\n", 64) + "\n" + j.signed(t, 9), http.StatusBadRequest},
		"no signature":                        {"old 7\n\n" + testOrigin + "\n9\n" + strings.Repeat("A", 43) + "=\n", http.StatusBadRequest},
		"no size":                             {"old 7\n\n" + testOrigin + "\n\n— x AAAA\n", http.StatusBadRequest},
		"a body without end":                  {"old 7\n\n" + strings.Repeat("x", 1<<20), http.StatusBadRequest},
	} {
		status, kind, text := p.ask(t, c.body)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", name, status, text, c.status)
		}
		if c.status == http.StatusConflict && (kind != "text/x.tlog.size" || text != "7\n") {
			t.Errorf("%s: %s %q", name, kind, text)
		}
	}
	if status, _, line := p.ask(t, j.request(t, 7, 9)); status != http.StatusOK || !p.cosigned(t, j.signer, j.signed(t, 9), line) {
		t.Errorf("after all refusals: %d %s", status, line)
	}
}

// What shows that a log contradicts itself is kept, and a proof that anybody can make up is not taken for it.
func TestWitness_KeepsEvidence(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	other := j.branch()
	j.grow(t, 9, "a")
	other.grow(t, 9, "b")
	p.ask(t, j.request(t, 0, 7))
	files := func(sort string) []string {
		found, err := filepath.Glob(filepath.Join(p.dir, "evidence", sort+"-*"))
		must(t, err)
		return found
	}
	for range 3 {
		p.ask(t, other.request(t, 7, 9))
	}
	if got := files("contradiction"); len(got) != 0 || len(files("doubt")) != 1 {
		t.Errorf("of a wrong proof: %v, and %d doubts", got, len(files("doubt")))
	}
	p.ask(t, other.request(t, 7, 7))
	got := files("contradiction")
	if len(got) != 1 {
		t.Fatalf("of two trees of one size: %v", got)
	}
	content, err := os.ReadFile(got[0])
	must(t, err)
	if string(content) != j.signed(t, 7)+"\n"+other.signed(t, 7) {
		t.Errorf("the evidence is %s", content)
	}
}

// Of two trees that are shown at the same time one is cosigned, however the requests interleave.
func TestWitness_TwoTreesAtOnce(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	other := j.branch()
	j.grow(t, 40, "a")
	other.grow(t, 40, "b")
	var mu sync.Mutex
	won := map[string]bool{}
	var all sync.WaitGroup
	for _, b := range []*journal{j, other} {
		for size := int64(1); size <= 40; size++ {
			all.Go(func() {
				if status, _, _ := p.ask(t, b.request(t, 0, size)); status == http.StatusOK {
					mu.Lock()
					defer mu.Unlock()
					won[fmt.Sprintf("%p %d", b, size)] = true
				}
			})
		}
	}
	all.Wait()
	if len(won) != 1 {
		t.Errorf("%d trees were cosigned as the first: %v", len(won), won)
	}
}

// A program that was killed after it kept a checkpoint, and before it answered, says what it holds and cosigns that again.
func TestWitness_KilledBeforeItAnswered(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 9, "a")
	p.ask(t, j.request(t, 0, 5))
	p.ask(t, j.request(t, 5, 8)) // the answer was lost
	p.restart(t)
	if status, _, text := p.ask(t, j.request(t, 5, 8)); status != http.StatusConflict || text != "8\n" {
		t.Fatalf("asked again as before: %d %s", status, text)
	}
	if status, _, line := p.ask(t, j.request(t, 8, 8)); status != http.StatusOK || !p.cosigned(t, j.signer, j.signed(t, 8), line) {
		t.Errorf("the same tree: %d %s", status, line)
	}
	if status, _, _ := p.ask(t, j.request(t, 8, 9)); status != http.StatusOK {
		t.Errorf("the next tree: %d", status)
	}
}

// What cannot be kept is not cosigned.
func TestWitness_AFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 9, "a")
	p.ask(t, j.request(t, 0, 5))
	logs := filepath.Join(p.dir, "logs")
	must(t, os.Rename(logs, logs+"-gone"))
	if status, _, line := p.ask(t, j.request(t, 5, 8)); status != http.StatusInternalServerError || strings.Contains(line, testWitness) {
		t.Fatalf("without its folder: %d %s", status, line)
	}
	must(t, os.Rename(logs+"-gone", logs))
	p.restart(t)
	if status, _, text := p.ask(t, j.request(t, 8, 9)); status != http.StatusConflict || text != "5\n" {
		t.Errorf("afterwards: %d %s", status, text)
	}
	if status, _, _ := p.ask(t, j.request(t, 5, 8)); status != http.StatusOK {
		t.Errorf("the same again: %d", status)
	}
}

func TestOpen_RefusesAMemoryThatIsNone(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 9, "a")
	p.ask(t, j.request(t, 0, 5))
	open := func(logs *format.Keys) error {
		w, err := witness.Open(witness.Options{Dir: p.dir, Logs: logs, Log: quiet()})
		if err == nil {
			w.Close()
		}
		return err
	}
	if err := open(p.logs); !errors.Is(err, witness.ErrBusy) {
		t.Errorf("beside another program: %v", err)
	}
	if _, err := witness.Begin(p.dir, p.logs); !errors.Is(err, witness.ErrBusy) {
		t.Errorf("to begin beside another program: %v", err)
	}
	p.open.Close()
	files, err := filepath.Glob(filepath.Join(p.dir, "logs", "*"))
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("files of logs: %v", files)
	}
	good, err := os.ReadFile(files[0])
	must(t, err)
	for name, content := range map[string]string{"empty": "", "damaged": strings.Replace(string(good), "\n5\n", "\n4\n", 1), "another's": (&journal{signer: treetest.Signer(t, "other.test/journal")}).signed(t, 0)} {
		must(t, os.WriteFile(files[0], []byte(content), 0o600))
		if open(p.logs) == nil {
			t.Errorf("a file that is %s was taken for a memory", name)
		}
	}
	must(t, os.Remove(files[0]))
	if err := open(p.logs); !errors.Is(err, witness.ErrForgotten) {
		t.Errorf("without the file: %v", err)
	}
	must(t, os.WriteFile(files[0], good, 0o600))
	if begun, err := witness.Begin(p.dir, p.logs); err != nil || len(begun) != 0 {
		t.Errorf("begun again: %v, %v", begun, err)
	}
	if err := open(p.logs); err != nil {
		t.Error(err)
	}
	if err := open(keysOf(t, treetest.Signer(t, "other.test/journal"))); !errors.Is(err, witness.ErrForgotten) {
		t.Errorf("a log that was not begun with: %v", err)
	}
	if _, err := witness.Init(p.dir, testWitness); !errors.Is(err, os.ErrExist) {
		t.Errorf("the key was replaced: %v", err)
	}
}

// A log passes to its next key, and its former key counts no more beyond its end.
func TestWitness_FollowsALogToItsNextKey(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	j.grow(t, 20, "a")
	p.ask(t, j.request(t, 0, 5))
	old, next := j.signer, treetest.Signer(t, testOrigin)
	ended := format.Key{VKey: old.VerifierKey(), End: &format.End{Size: 9, Root: j.root(t, 9)}}
	after, err := next.With(nil, []format.Key{ended})
	must(t, err)
	p.logs = after.Keys()
	p.restart(t) // what is held is signed by the key that ended, of a smaller tree
	if status, _, _ := p.ask(t, j.request(t, 5, 9)); status != http.StatusOK {
		t.Errorf("the former key, up to its end: %d", status)
	}
	if status, _, _ := p.ask(t, j.request(t, 9, 12)); status != http.StatusForbidden {
		t.Errorf("the former key, beyond its end: %d", status)
	}
	j.signer = next
	if status, _, _ := p.ask(t, j.request(t, 9, 12)); status != http.StatusOK {
		t.Errorf("the next key: %d", status)
	}
	p.logs = keysOf(t, old)
	p.open.Close()
	if w, err := witness.Open(witness.Options{Dir: p.dir, Logs: p.logs, Log: quiet()}); err == nil {
		w.Close()
		t.Error("a checkpoint by a key that the policy does not name was taken for a memory")
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	k, err := witness.GenerateKey(testWitness)
	must(t, err)
	again, err := witness.ParseKey(k.Secret() + "\n")
	if err != nil || again.VerifierKey() != k.VerifierKey() {
		t.Errorf("%v, %v", again, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(text, "PRIVATE") || strings.Contains(text, "private") {
		t.Errorf("printed: %s", text)
	}
	fields := strings.SplitN(k.Secret(), "+", 5)
	for _, bad := range []string{"", "x", strings.Join(fields[:4], "+"), strings.Replace(k.Secret(), fields[3], "00000000", 1), strings.Replace(k.Secret(), fields[2], "another", 1), k.VerifierKey()} {
		if _, err := witness.ParseKey(bad); err == nil || slices.ContainsFunc(fields[4:], func(f string) bool { return strings.Contains(err.Error(), f) }) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", strings.Repeat("a", 256), "\xff"} {
		if _, err := witness.GenerateKey(name); err == nil {
			t.Errorf("a witness was called %q", name)
		}
	}
}
