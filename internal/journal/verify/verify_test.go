package verify

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"mandat/internal/journal/format"
)

// memory is an export in memory.
type memory fstest.MapFS

// Put stores a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

func verified(t testing.TB, m memory, p *Policy) (Report, error) {
	t.Helper()
	return Log(t.Context(), Options{Policy: p, Export: fstest.MapFS(m), Gone: math.MaxInt64})
}

// names checks that verification blames entries first to last.
func names(t testing.TB, m memory, p *Policy, first, last int64) Fault {
	t.Helper()
	_, err := verified(t, m, p)
	f, ok := AsFault(err)
	if !ok || f.Index != first || f.Last != last {
		t.Fatalf("%v; want a fault at %d to %d", err, first, last)
	}
	return *f
}

// lines returns the lines of a file of entries.
func (m memory) lines(t testing.TB, number int) [][]byte {
	t.Helper()
	d, err := decoder()
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.DecodeAll(m[fmt.Sprintf(format.EntriesName, number)].Data, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	return lines[:len(lines)-1]
}

func TestLog_ManyFilesAndCheckpoints(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 2*format.FileEntries+300, 997)
	s.memory = s.zipped(t, 0, bytes.Join(s.all[:format.FileEntries], nil)) // as exports are written
	for _, workers := range []int{1, 3} {
		r, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(s.memory), Gone: math.MaxInt64, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		n := int64(len(s.leaves))
		if r.Entries+r.Over != n || r.Over != (n+3)/11 || r.Checkpoints != n/997+1 || r.Root != s.roots[n] {
			t.Fatalf("%+v", r)
		}
	}
	empty := func(m memory, number int) memory {
		return m.having(fmt.Sprintf(format.CheckpointsName, number), []byte{})
	}
	names(t, empty(s.memory, 0), s.policy, 0, 66*997-1)
	names(t, empty(s.memory, 1), s.policy, 65*997, 2*format.FileEntries+299)     // the next is the head
	for _, at := range []int64{format.FileEntries, 2*format.FileEntries + 299} { // the first file alone is the other tests'
		number, k := int(at/format.FileEntries), int(at%format.FileEntries)
		lines := s.lines(t, number)
		lines[k] = bytes.Replace(lines[k], []byte("power.used"), []byte("power.Used"), 1)
		lines[k][len(lines[k])-3] ^= 1
		names(t, s.with(t, number, lines), s.policy, at, at)
	}
}

func TestLog_NamesTheEntryOfWhichAnyBitWasFlipped(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 5, 2)
	for at := range 5 {
		for k := range s.lines(t, 0)[at] {
			for bit := range 8 {
				if at != 2 && bit != k%8 {
					continue // all bits of one entry, one bit of each byte of the others
				}
				lines := s.lines(t, 0)
				lines[at][k] ^= 1 << bit
				if f := names(t, s.with(t, 0, lines), s.policy, int64(at), int64(at)); k > 130 && f.Action != "power.used" && at != 1 {
					t.Fatalf("byte %d: the fault %v does not tell the action", k, f)
				}
			}
		}
	}
}

func TestLog_NamesTheEntryThatWasTamperedWith(t *testing.T) {
	t.Parallel()
	const n, at = 3000, 1234
	s := newSynthetic(t, n, 100)
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		lines, i := s.lines(t, 0), random.IntN(n)
		lines[i][random.IntN(len(lines[i]))] ^= byte(1 + random.IntN(255))
		names(t, s.with(t, 0, lines), s.policy, int64(i), int64(i))
	}
	// renumber gives lines the numbers of their places, as somebody would who wants to hide what they did.
	renumber := func(lines [][]byte) [][]byte {
		for i, l := range lines {
			_, rest, _ := bytes.Cut(l, []byte(" "))
			lines[i] = fmt.Appendf(nil, "%d %s", i, rest)
		}
		return lines
	}
	same := func(lines [][]byte) [][]byte { return lines }
	for _, hide := range map[string]func([][]byte) [][]byte{"plain": same, "renumbered": renumber} {
		lines := s.lines(t, 0)
		names(t, s.with(t, 0, hide(slices.Delete(slices.Clone(lines), at, at+1))), s.policy, at, at)
		names(t, s.with(t, 0, hide(slices.Insert(slices.Clone(lines), at, lines[at]))), s.policy, at+1, at+1)
		names(t, s.with(t, 0, hide(slices.Insert(slices.Clone(lines), at, lines[7]))), s.policy, at, at)
		swapped := slices.Clone(lines)
		swapped[at], swapped[at+5] = swapped[at+5], swapped[at]
		names(t, s.with(t, 0, hide(swapped)), s.policy, at, at)
		names(t, s.with(t, 0, hide(lines[:at])), s.policy, at, at)
	}
	lines := s.lines(t, 0)
	lines[at] = lines[at][:60]
	names(t, s.with(t, 0, lines[:at+1]), s.policy, at, at)
	names(t, s.with(t, 0, append(s.lines(t, 0), lines[7])), s.policy, n, n)
}

// Somebody changes an entry, its commitment and the file of hashes: then only signatures can tell, and they tell between
// which of the kept checkpoints.
func TestLog_NarrowsDownAConsistentForgery(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 3000, 100)
	lines, at := s.lines(t, 0), 1234
	l, _ := format.ParseLine(bytes.TrimSuffix(lines[at], []byte("\n")))
	body := bytes.Replace(l.Body, []byte("aidant"), []byte("system"), 1)
	c := format.Commitment(l.Salt, body)
	lines[at] = format.AppendLine(nil, int64(at), c[:], l.Salt[:], body)
	m := s.with(t, 0, lines)
	if f := names(t, m, s.policy, int64(at), int64(at)); f.Action != "power.used" {
		t.Errorf("%v does not tell the action", f)
	}
	name := fmt.Sprintf(format.HashesName, 0)
	hashes, leaf := bytes.Clone(m[name].Data), format.LeafHash(c)
	copy(hashes[at*len(leaf):], leaf[:])
	names(t, m.having(name, hashes), s.policy, 1200, 1299)
}

func TestLog_RefusesAnEntryThatIsNotCanonical(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 3, 3)
	body := []byte(`{"action":"power.used","at":"x", "by":1}`)
	c := format.Commitment([format.SaltSize]byte{1}, body)
	salt := [format.SaltSize]byte{1}
	s.leaves[2] = format.LeafHash(c)
	theirs := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, leaf := range s.leaves {
		if err := theirs.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
	}
	s.roots[3] = rootOf(t, theirs)
	s.write(t, append(s.lines(t, 0)[:2], format.AppendLine(nil, 2, c[:], salt[:], body)), 3)
	names(t, s.memory, s.policy, 2, 2)
}

func TestLog_RefusesCheckpointsThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 1000, 100)
	kept := fmt.Sprintf(format.CheckpointsName, 0)
	foreign, err := newSigner(t).Sign(1000, s.roots[1000])
	if err != nil {
		t.Fatal(err)
	}
	fork, err := s.signer.Sign(450, format.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	insert := func(note []byte) []byte { // between those of 400 and 500
		var out []byte
		for size := 100; size <= 1000; size += 100 {
			out = append(append(out, s.sign(t, size)...), '\n')
			if size == 400 {
				out = append(append(out, note...), '\n')
			}
		}
		return out
	}
	_, err = verified(t, s.having(format.CheckpointName, foreign), s.policy)
	if f, ok := AsFault(err); !ok || !strings.Contains(f.What, "signature") {
		t.Errorf("the head signed by a stranger: %v", err)
	}
	damaged := bytes.Replace(s.memory[format.CheckpointName].Data, []byte("\n1000\n"), []byte("\n1001\n"), 1)
	if _, ok := AsFault(second(verified(t, s.having(format.CheckpointName, damaged), s.policy))); !ok {
		t.Error("the head with another size passed")
	}
	names(t, s.having(kept, insert(foreign)), s.policy, 400, 999)
	names(t, s.having(kept, insert(fork)), s.policy, 400, 449)
	names(t, s.having(kept, insert(s.sign(t, 350))), s.policy, 400, 999)
	names(t, s.having(kept, insert(s.sign(t, 450)[:100])), s.policy, 400, 999)
	names(t, s.having(kept, nil), s.policy, 0, 0)
	if r, err := verified(t, s.having(kept, insert(s.sign(t, 450))), s.policy); err != nil || r.Checkpoints != 12 {
		t.Errorf("one more that fits: %+v, %v", r, err)
	}
	other, err := s.signer.Sign(1000, format.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	names(t, s.having(kept, []byte{}).having(format.CheckpointName, other), s.policy, 0, 999)
}

// The log keeps the checkpoint of its first growth, and one in 65,536 entries (TestLog_ManyFilesAndCheckpoints).
func TestLog_MissesTheFirstKeptCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 100, 30)
	names(t, s.having(fmt.Sprintf(format.CheckpointsName, 0), []byte{}), s.policy, 0, 99)
	if r, err := verified(t, s.memory, s.policy); err != nil || r.Checkpoints != 4 {
		t.Errorf("%+v, %v", r, err)
	}
}

func second(_ Report, err error) error { return err }

func TestLog_RefusesDamagedAndMissingFiles(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 1000, 100)
	entries, hashes := fmt.Sprintf(format.EntriesName, 0), fmt.Sprintf(format.HashesName, 0)
	names(t, s.having(entries, nil), s.policy, 0, 0)
	names(t, s.having(hashes, nil), s.policy, 0, 0)
	names(t, s.having(hashes, s.memory[hashes].Data[:32*500+7]), s.policy, 500, 500)
	names(t, s.having(hashes, append(bytes.Clone(s.memory[hashes].Data), 0)), s.policy, 1000, 1000)
	names(t, s.having(entries, []byte("not zstd")), s.policy, 0, 0)
	names(t, s.having(fmt.Sprintf(format.EntriesName, 1), s.memory[entries].Data), s.policy, 1000, 1000)
	if f, ok := AsFault(second(verified(t, s.having(entries, s.memory[entries].Data[:len(s.memory[entries].Data)/2]), s.policy))); !ok || f.Index < 0 {
		t.Errorf("half a file: %v", f)
	}
	names(t, s.with(t, 0, [][]byte{bytes.Repeat([]byte("x"), 3*format.MaxLine)}), s.policy, 0, 0)
	if _, err := verified(t, s.having(format.CheckpointName, nil), s.policy); err == nil {
		t.Error("an export without a checkpoint passed")
	}
	if _, err := Log(t.Context(), Options{Export: fstest.MapFS(s.memory)}); err == nil {
		t.Error("verified without a policy")
	}
}
