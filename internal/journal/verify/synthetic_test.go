package verify

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
)

// synthetic is a log that was made without a database, by arithmetic that is neither the integrator's nor ours.
type synthetic struct {
	memory
	signer      *tree.Signer
	policy      *Policy
	roots       []format.Hash // by size
	leaves      []format.Hash
	commitments []format.Hash
	rows        [][]format.Hash // by level: the leaves, and what tiles of the level hold

	all  [][]byte                           // lines
	seen func(size int, note []byte) []byte // adds to a checkpoint what others say; nil: nothing
}

const testOrigin = "mandat.test/journal"

func newSigner(t testing.TB) *tree.Signer {
	t.Helper()
	return treetest.Signer(t, testOrigin)
}

// newSynthetic makes an export of n entries, in which a checkpoint was kept every so many, and one in eleven is gone.
func newSynthetic(t testing.TB, n, every int) *synthetic {
	t.Helper()
	return newSyntheticOf(t, n, every, func(i int) (detail string, gone bool) { return someDetail(i), i%11 == 7 })
}

func someDetail(i int) string { return fmt.Sprintf(`"n":%d,"text":"é\n\u001f"`, i) }

// newSyntheticOf is newSynthetic of entries that say what entry says: the members of their detail, with another action in front if there is a blank; and whether it is gone.
func newSyntheticOf(t testing.TB, n, every int, entry func(i int) (detail string, gone bool)) *synthetic {
	t.Helper()
	s := newSyntheticAt(t, n, every, entry, func(i int) string { return fmt.Sprintf("2026-11-21T10:00:00.%06dZ", i%1000000) })
	s.write(t, s.all, every)
	return s
}

// newSyntheticAt is newSyntheticOf of entries with these times. It is to be written.
func newSyntheticAt(t testing.TB, n, every int, entry func(i int) (detail string, gone bool), at func(i int) string) *synthetic {
	t.Helper()
	s := &synthetic{memory: memory{}, signer: newSigner(t), roots: []format.Hash{format.EmptyRoot()}}
	var err error
	if s.policy, err = ParsePolicy([]byte(s.signer.Policy(""))); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{1})
	theirs := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	var lines [][]byte
	var salt [format.SaltSize]byte
	for i := range n {
		_, _ = random.Read(salt[:])
		detail, gone := entry(i)
		action, members, named := strings.Cut(detail, " ")
		if !named {
			action, members = "power.used", detail
		}
		body := fmt.Appendf(nil, `{"action":"%s","at":"%s","by":{"kind":"aidant"},"detail":{%s}}`, action, at(i), members)
		c := format.Commitment(salt, body)
		if gone {
			lines = append(lines, format.AppendLine(nil, int64(i), c[:], nil, nil))
		} else {
			lines = append(lines, format.AppendLine(nil, int64(i), c[:], salt[:], body))
		}
		leaf := format.LeafHash(c)
		s.commitments, s.leaves = append(s.commitments, c), append(s.leaves, leaf)
		if err := theirs.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		root := format.Hash{}
		if (i+1)%every == 0 || i+1 == n || n <= 5000 {
			root = rootOf(t, theirs)
		}
		s.roots = append(s.roots, root)
	}
	for row := s.leaves; len(row) > 0; {
		s.rows = append(s.rows, row)
		var up []format.Hash
		for ; len(row) >= format.TileWidth; row = row[format.TileWidth:] {
			up = append(up, format.PerfectRoot(row[:format.TileWidth]))
		}
		row = up
	}
	s.all = lines
	return s
}

func rootOf(t testing.TB, r *compact.Range) format.Hash {
	t.Helper()
	b, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	return format.Hash(b)
}

// sign signs the tree of a size as it really is.
func (s *synthetic) sign(t testing.TB, size int) []byte {
	t.Helper()
	signed, err := s.signer.Sign(int64(size), s.roots[size])
	if err != nil {
		t.Fatal(err)
	}
	if s.seen != nil {
		signed = s.seen(size, signed)
	}
	return signed
}

func (s *synthetic) write(t testing.TB, lines [][]byte, every int) {
	t.Helper()
	_ = s.Put(format.CheckpointName, s.sign(t, len(lines)))
	for n := 0; n*format.FileEntries < len(lines); n++ {
		first, end := n*format.FileEntries, min((n+1)*format.FileEntries, len(lines))
		var hashes, kept []byte
		for i := first; i < end; i++ {
			hashes = append(hashes, s.leaves[i][:]...)
			if (i+1)%every == 0 {
				kept = append(append(kept, s.sign(t, i+1)...), '\n')
			}
		}
		_ = s.Put(fmt.Sprintf(format.HashesName, n), hashes)
		_ = s.Put(fmt.Sprintf(format.CheckpointsName, n), kept)
		s.memory = s.with(t, n, lines[first:end])
	}
}

// encoder and decoder are made once: they are what changing a bit would otherwise cost.
var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(format.ExportWindow))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) { return zstd.NewReader(nil) })
)

// with returns a copy of the export with other lines in a file. Those of a full one are not made smaller: under the race detector that takes longer than all else.
func (m memory) with(t testing.TB, number int, lines [][]byte) memory {
	t.Helper()
	content := bytes.Join(lines, nil)
	if len(content) > 1<<20 {
		return m.having(fmt.Sprintf(format.EntriesName, number), stored(content))
	}
	return m.zipped(t, number, content)
}

func (m memory) zipped(t testing.TB, number int, content []byte) memory {
	t.Helper()
	e, err := encoder()
	if err != nil {
		t.Fatal(err)
	}
	return m.having(fmt.Sprintf(format.EntriesName, number), e.EncodeAll(content, nil))
}

// stored is a zstd frame whose blocks are what they hold (RFC 8878, sections 3.1.1.1 and 3.1.1.2), of a window of 128 KiB.
func stored(content []byte) []byte {
	const most = 128 << 10
	out := append(make([]byte, 0, len(content)+len(content)/1024), 0x28, 0xb5, 0x2f, 0xfd, 0, 7<<3)
	for len(content) > 0 {
		n := min(most, len(content))
		head := n << 3 // a raw block, and not the last
		if n == len(content) {
			head |= 1
		}
		out = append(append(out, byte(head), byte(head>>8), byte(head>>16)), content[:n]...)
		content = content[n:]
	}
	return out
}

// having returns a copy of the export with another content of a file; nil removes it.
func (m memory) having(name string, content []byte) memory {
	out := memory{}
	for n, f := range m {
		if n != name || content != nil {
			out[n] = f
		}
	}
	if content != nil {
		_ = out.Put(name, content)
	}
	return out
}
