package verify

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"
	tdproof "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/journal/format"
)

// verdict is what the second verifier says.
type verdict struct {
	Whole bool
	Size  int64
	Root  string
	Count int64
	Why   string
}

// other is testdata/second.mjs, which answers all tests of this process, one after the other, and ends with it.
type other struct {
	cmd       *exec.Cmd
	mu        sync.Mutex
	questions *json.Encoder
	answers   *json.Decoder
}

var theOther = sync.OnceValues(func() (*other, error) {
	cmd := exec.Command("node", filepath.Join("testdata", "second.mjs"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &other{cmd: cmd, questions: json.NewEncoder(in), answers: json.NewDecoder(out)}, cmd.Start()
})

// ask has the second verifier look at what args name.
func ask(t testing.TB, args ...string) (v verdict) {
	t.Helper()
	o, err := theOther()
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	late := time.AfterFunc(time.Minute, func() { _ = o.cmd.Process.Kill() })
	defer late.Stop()
	if err := errors.Join(o.questions.Encode(args), o.answers.Decode(&v)); err != nil {
		t.Fatal(err)
	}
	return v
}

// written is an export as a folder, with what is compressed unpacked beside it: Node has no zstd. What cannot be unpacked is not there.
// What is the same in another export, that is written already, is linked to.
func (m memory) written(t testing.TB, same memory, at string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, b []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil && b == nil {
			err = os.Link(filepath.Join(at, filepath.FromSlash(name)), path)
		} else if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range m {
		if file == same[name] {
			put(name, nil)
			if strings.HasSuffix(name, ".zst") {
				put(name+".raw", nil)
			}
			continue
		}
		put(name, append([]byte{}, file.Data...))
		if !strings.HasSuffix(name, ".zst") {
			continue
		}
		d, err := zstd.NewReader(bytes.NewReader(file.Data))
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := io.ReadAll(d); err == nil {
			put(name+".raw", append([]byte{}, raw...))
		}
		d.Close()
	}
	return dir
}

func (s *synthetic) policyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy")
	if err := os.WriteFile(path, []byte(s.signer.Policy("")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newAccounted is newSynthetic of which no entry is gone: the second verifier takes none that nobody accounts for.
func newAccounted(t testing.TB, n, every int) *synthetic {
	t.Helper()
	return newSyntheticOf(t, n, every, func(i int) (string, bool) { return someDetail(i), false })
}

// newEmptied is newAccounted of which most of the first file is forgotten, as an entry of it says.
func newEmptied(t testing.TB, n, every int) *synthetic {
	t.Helper()
	return newSyntheticOf(t, n, every, func(i int) (string, bool) {
		if i == emptyLast+1 {
			return fmt.Sprintf(`entries.forgotten "forgotten":["%d-%d"]`, emptyFirst, emptyLast), false
		}
		return someDetail(i), i >= emptyFirst && i <= emptyLast
	})
}

// Both verifiers agree on each root, whole and part.
func TestSecond_FindsTheSameRoots(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 255, 256, 257, 700, format.FileEntries, format.FileEntries + 300} {
		every := min(n, 100)
		s := newAccounted(t, n, every)
		if n > format.FileEntries {
			s = newEmptied(t, n, every)
		}
		policy, size := s.policyFile(t), int64(n)
		exports := []memory{s.memory, s.listed(t)}
		for _, form := range []format.Form{format.FormLines, format.FormJSON, format.FormJSONZip} {
			if n > 1000 && form != format.FormJSON {
				continue
			}
			exports = append(exports, s.part(t, format.Request{Form: form, From: size / 2, To: size/2 + size/3 + 1}, between(size/2, min(size, size/2+size/3+1)), every),
				s.part(t, format.Request{Form: form, Filter: format.Filter{Action: "power.used"}}, unique([]int64{0, size / 2, size - 1}), every))
		}
		for i, m := range exports {
			r, err := verified(t, m, s.policy)
			if n == 1 && i >= 2 && i%2 == 0 {
				continue // from 0 to 1: all of the log, of which this is no export
			}
			v := ask(t, policy, m.written(t, nil, ""))
			if err != nil || !v.Whole || v.Size != r.Size || v.Root != hex.EncodeToString(r.Root[:]) || v.Count != r.Entries+r.Over {
				t.Errorf("%d entries, export %d: we say %+v, %v; the other says %+v", n, i, r, err, v)
			}
		}
	}
}

// Both agree on each tampering. All of them are tried in the long runs, some each time.
func TestSecond_NamesTheSameTamperings(t *testing.T) {
	t.Parallel()
	s := newEmptied(t, tamperedEntries, tamperedEvery)
	policy := s.policyFile(t)
	whole, part := s.listed(t), s.part(t, format.Request{Form: format.FormLines, From: partFirst, To: partEnd}, between(partFirst, partEnd), tamperedEvery)
	for _, all := range []struct {
		of     memory
		what   string
		change []tampering
	}{{whole, "whole", tamperings}, {part, "part", tamperingsOfPart}} {
		honest := all.of.written(t, nil, "")
		for i, c := range all.change {
			if os.Getenv("MANDAT_SOAK") == "" && i%5 != 0 {
				continue
			}
			t.Run(all.what+" "+c.name, func(t *testing.T) {
				t.Parallel()
				m := c.do(t, s, all.of).list()
				_, err := verified(t, m, s.policy)
				if v := ask(t, policy, m.written(t, all.of, honest)); v.Whole || err == nil {
					t.Errorf("we say %v; the other says %+v", err, v)
				}
			})
		}
		t.Run(all.what+" and nothing", func(t *testing.T) {
			t.Parallel()
			if v := ask(t, policy, honest); !v.Whole {
				t.Errorf("%+v", v)
			}
		})
	}
}

// Both agree on any change of any file: what passes with one passes with the other.
func TestSecond_AgreesOnWhateverIsChanged(t *testing.T) {
	t.Parallel()
	s := newAccounted(t, 700, 50)
	policy := s.policyFile(t)
	exports := []memory{s.listed(t), s.part(t, format.Request{Form: format.FormJSON, From: 100, To: 500}, between(100, 500), 50)}
	random := rand.New(rand.NewPCG(5, 6))
	passed := 0
	for n := range 60 {
		m := exports[n%2]
		names := slices.Sorted(maps.Keys(m))
		name := names[random.IntN(len(names))]
		changed := mutated(m, names, name, uint8(random.IntN(8)), random.IntN(1<<20), []byte(fmt.Sprint(n)))
		if n%3 > 0 {
			changed = changed.list()
		}
		_, err := verified(t, changed, s.policy)
		v := ask(t, policy, changed.written(t, nil, ""))
		if v.Whole != (err == nil) {
			t.Errorf("%s of %d: we say %v; the other says %+v", name, n%2, err, v)
		}
		if v.Whole {
			passed++
		}
	}
	if passed == 0 || passed == 60 {
		t.Errorf("%d of 60 pass: that shows nothing", passed)
	}
}

// Both agree on proofs of single entries, and on what is wrong with them.
func TestSecond_AgreesOnProofs(t *testing.T) {
	t.Parallel()
	const n = 700
	s := newAccounted(t, n, 100)
	policy, dir := s.policyFile(t), t.TempDir()
	lines := s.lines(t, 0)
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			level, k := tlog.SplitStoredHashIndex(at)
			row := s.leaves[k<<level : (k+1)<<level]
			for ; len(row) > format.TileWidth; row = rootsOfTiles(row) {
			}
			out[i] = tlog.Hash(format.PerfectRoot(row))
		}
		return out, nil
	})
	random := rand.New(rand.NewPCG(7, 8))
	for i, index := range []int64{0, 1, 255, 256, 511, 512, 698, 699, 300, 301, 302, 303, 304, 305, 306, 307} {
		path, err := tlog.ProveRecord(n, index, hashes)
		if err != nil {
			t.Fatal(err)
		}
		p := tdproof.TLogProof{Index: uint64(index), Checkpoint: s.sign(t, n)}
		for _, h := range path {
			p.Hashes = append(p.Hashes, h)
		}
		text, line := p.Marshal(), lines[index]
		if i >= 8 { // one byte of the proof or the line is another
			at := random.IntN(len(text) + len(line))
			if at < len(text) {
				text[at] ^= 1 << random.IntN(7)
			} else {
				line = bytes.Clone(line)
				line[at-len(text)] ^= 1 << random.IntN(7)
			}
		}
		proof, entry := filepath.Join(dir, fmt.Sprint(i, ".tlog-proof")), filepath.Join(dir, fmt.Sprint(i, ".entry"))
		if err := os.WriteFile(proof, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(entry, line, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Proof(bytes.Clone(text), bytes.Clone(line), s.policy)
		if v := ask(t, policy, proof, entry); v.Whole != (err == nil) || (err == nil) != (i < 8) {
			t.Errorf("entry %d: we say %v; the other says %+v", index, err, v)
		}
	}
}

// rootsOfTiles are the roots of each 256 of a row.
func rootsOfTiles(row []format.Hash) []format.Hash {
	var out []format.Hash
	for ; len(row) > 0; row = row[format.TileWidth:] {
		out = append(out, format.PerfectRoot(row[:format.TileWidth]))
	}
	return out
}

// Both agree on what is forgotten, and on what is only gone.
func TestSecond_AgreesOnWhatIsForgotten(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		gone     []int
		accounts map[int]string
		whole    bool
	}{
		"accounted for":           {[]int{3, 4, 5, 9}, map[int]string{10: `citizen.erased "forgotten":["4","9"]`, 20: `entries.forgotten "forgotten":["3","5"]`}, true},
		"as a run":                {[]int{3, 4, 5}, map[int]string{600: `citizen.erased "forgotten":["3-5"]`}, true},
		"nothing":                 {nil, map[int]string{600: `citizen.erased "forgotten":[]`}, true},
		"nobody says so":          {[]int{3}, nil, false},
		"one more":                {[]int{3, 6}, map[int]string{600: `citizen.erased "forgotten":["3-5"]`}, false},
		"it is said before":       {[]int{12}, map[int]string{11: `citizen.erased "forgotten":["12"]`}, false},
		"who says so is gone":     {[]int{12, 20}, map[int]string{20: `citizen.erased "forgotten":["12"]`, 30: `citizen.erased "forgotten":["20"]`}, false},
		"another action says so":  {[]int{12}, map[int]string{20: `citizen.searched "forgotten":["12"]`}, false},
		"said in another member":  {[]int{12}, map[int]string{20: `citizen.erased "forgot":["12"]`}, false},
		"of itself, and not gone": {nil, map[int]string{11: `citizen.erased "forgotten":["11"]`}, false},
	} {
		s := newSyntheticOf(t, 700, 100, func(i int) (string, bool) {
			if detail, ok := c.accounts[i]; ok {
				return detail, slices.Contains(c.gone, i)
			}
			return fmt.Sprintf(`"n":%d`, i), slices.Contains(c.gone, i)
		})
		m := s.listed(t)
		_, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(m)})
		if v := ask(t, s.policyFile(t), m.written(t, nil, "")); v.Whole != c.whole || (err == nil) != c.whole {
			t.Errorf("%s: we say %v; the other says %+v", what, err, v)
		}
	}
}
