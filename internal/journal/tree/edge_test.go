package tree

import (
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"mandat/internal/journal/format"
)

// stored is a published tree in memory: the tiles as the integrator writes them.
type stored map[string][]byte

func (s stored) put(tiles []tile) {
	for _, t := range tiles {
		var b []byte
		for _, h := range t.hashes {
			b = append(b, h[:]...)
		}
		s[format.TilePath{Level: t.level, Index: t.index, Width: format.TileWidth}.String()] = b
	}
}

func (s stored) read(t format.TilePath) ([]byte, error) {
	width := t.Width
	t.Width = format.TileWidth
	b := s[t.String()]
	if len(b) < width*len(format.Hash{}) {
		return nil, fmt.Errorf("no tile %s", t)
	}
	return b[:width*len(format.Hash{})], nil
}

// Two implementations that are not ours agree on every root, and ours with them; and on proofs from our tiles at sizes
// around the borders of tiles.
func TestTree_AgreesWithTwoOthers(t *testing.T) {
	t.Parallel()
	const n = 66_000
	var e edge
	tiles := stored{}
	other := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	var hashes []tlog.Hash // of x/mod
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i := range n {
		c := format.Hash{byte(i), byte(i >> 8), byte(i >> 16)}
		leaf := format.LeafHash(c)
		if tlog.Hash(leaf) != tlog.RecordHash(c[:]) {
			t.Fatal("another leaf hash than x/mod's")
		}
		e.append(leaf, func(f tile) { tiles.put([]tile{f}) })
		if err := other.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		more, err := tlog.StoredHashes(int64(i), c[:], reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
		size := int64(i + 1)
		if size > 700 && size%4999 != 0 && size%format.FileEntries > 2 && size != n {
			continue
		}
		theirs, err := other.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		xmod, err := tlog.TreeHash(size, reader)
		if err != nil {
			t.Fatal(err)
		}
		if root := e.root(); root != format.Hash(theirs) || root != format.Hash(xmod) {
			t.Fatalf("%d leaves: the roots differ", size)
		}
		tiles.put(e.partial())
		checkProofs(t, tiles, format.Checkpoint{Origin: "o", Size: size, Root: e.root()}, reader)
	}
}

// checkProofs makes proofs from our tiles with one library and checks them with the other.
func checkProofs(t *testing.T, tiles stored, c format.Checkpoint, reader tlog.HashReader) {
	t.Helper()
	from := tlog.TileHashReader(c.Tree(), format.TileReader(tiles.read))
	for _, index := range []int64{0, c.Size / 3, c.Size - 1} {
		path, err := tlog.ProveRecord(c.Size, index, from)
		if err != nil {
			t.Fatalf("%d of %d: %v", index, c.Size, err)
		}
		var hashes [][]byte
		for _, h := range path {
			hashes = append(hashes, h[:])
		}
		leaf := format.LeafHash(format.Hash{byte(index), byte(index >> 8), byte(index >> 16)})
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.Size), leaf[:], hashes, c.Root[:]); err != nil {
			t.Fatalf("%d of %d: %v", index, c.Size, err)
		}
		before, err := tlog.TreeHash(index+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := format.Extends(format.TileReader(tiles.read), format.Checkpoint{Origin: "o", Size: index + 1, Root: format.Hash(before)}, c); err != nil {
			t.Fatalf("%d after %d: %v", c.Size, index+1, err)
		}
		if index+1 < c.Size && format.Extends(format.TileReader(tiles.read), format.Checkpoint{Origin: "o", Size: index + 1, Root: format.Hash{1}}, c) == nil {
			t.Fatalf("%d after a foreign %d", c.Size, index+1)
		}
	}
}

func TestReadEdge_ContinuesAnyTree(t *testing.T) {
	t.Parallel()
	var e edge
	tiles := stored{}
	for i := range 66_000 {
		e.append(format.LeafHash(format.Hash{byte(i), byte(i >> 8)}), func(f tile) { tiles.put([]tile{f}) })
		if i%1009 != 0 && i%256 > 1 {
			continue
		}
		tiles.put(e.partial())
		again, err := readEdge(format.Checkpoint{Origin: "o", Size: e.size, Root: e.root()}, tiles.read)
		if err != nil {
			t.Fatalf("%d: %v", e.size, err)
		}
		again.append(format.Hash{9}, func(tile) {})
		copied := e
		copied.levels = nil
		for _, l := range e.levels {
			copied.levels = append(copied.levels, append(make([]format.Hash, 0, format.TileWidth), l...))
		}
		copied.append(format.Hash{9}, func(tile) {})
		if again.root() != copied.root() {
			t.Fatalf("%d: continued, the root is another", e.size)
		}
	}
}
