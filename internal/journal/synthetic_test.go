package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// synthetic is an export that was made without a database, by the arithmetic of the edge.
type synthetic struct {
	memory
	signer *Signer
	policy *Policy
	roots  []Hash // by size
	leaves []Hash
}

func newSigner(t testing.TB) *Signer {
	t.Helper()
	secret, _, err := GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newSynthetic makes an export of n entries, in which a checkpoint was kept every so many.
func newSynthetic(t testing.TB, n, every int) *synthetic {
	t.Helper()
	s := &synthetic{memory: memory{}, signer: newSigner(t), roots: []Hash{emptyRoot()}}
	var err error
	if s.policy, err = ParsePolicy([]byte(s.signer.Policy(""))); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var e edge
	var lines [][]byte
	var salt [SaltSize]byte
	for i := range n {
		for k := range salt {
			salt[k] = byte(random.Uint32())
		}
		body := fmt.Appendf(nil, `{"action":"power.used","at":"2026-11-21T10:00:00.%06dZ","by":{"kind":"aidant"},"detail":{"n":%d,"text":"é\n\u001f"}}`, i%1000000, i)
		c := Commitment(salt, body)
		if i%11 == 7 {
			lines = append(lines, appendLine(nil, int64(i), c[:], nil, nil))
		} else {
			lines = append(lines, appendLine(nil, int64(i), c[:], salt[:], body))
		}
		s.leaves = append(s.leaves, LeafHash(c))
		e.append(LeafHash(c), func(tile) {})
		root := Hash{}
		if (i+1)%every == 0 || i+1 == n || n <= 5000 {
			root = e.root()
		}
		s.roots = append(s.roots, root)
	}
	s.write(t, lines, every)
	return s
}

// sign signs the tree of a size as it really is.
func (s *synthetic) sign(t testing.TB, size int) []byte {
	t.Helper()
	signed, err := s.signer.sign(int64(size), s.roots[size])
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (s *synthetic) write(t testing.TB, lines [][]byte, every int) {
	t.Helper()
	_ = s.Put(checkpointName, s.sign(t, len(lines)))
	for n := 0; n*fileEntries < len(lines); n++ {
		first, end := n*fileEntries, min((n+1)*fileEntries, len(lines))
		var hashes, kept []byte
		for i := first; i < end; i++ {
			hashes = append(hashes, s.leaves[i][:]...)
			if (i+1)%every == 0 {
				kept = append(append(kept, s.sign(t, i+1)...), '\n')
			}
		}
		_ = s.Put(fmt.Sprintf(hashesName, n), hashes)
		_ = s.Put(fmt.Sprintf(checkpointsName, n), kept)
		s.memory = s.with(t, n, lines[first:end])
	}
}

// with returns a copy of the export with other lines in a file.
func (m memory) with(t testing.TB, number int, lines [][]byte) memory {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(exportWindow))
	if err != nil {
		t.Fatal(err)
	}
	return m.having(fmt.Sprintf(entriesName, number), e.EncodeAll(bytes.Join(lines, nil), nil))
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
