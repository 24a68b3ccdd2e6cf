package journal

import (
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// stored is a published tree in memory: the tiles as the integrator writes them.
type stored map[string][]byte

func (s stored) put(tiles []tile) {
	for _, t := range tiles {
		var b []byte
		for _, h := range t.hashes {
			b = append(b, h[:]...)
		}
		s[tilePath{t.level, t.index, tileWidth}.String()] = b
	}
}

func (s stored) read(t tilePath) ([]byte, error) {
	width := t.width
	t.width = tileWidth
	b := s[t.String()]
	if len(b) < width*len(Hash{}) {
		return nil, fmt.Errorf("no tile %s", t)
	}
	return b[:width*len(Hash{})], nil
}

// Two implementations that are not ours agree on every root, and ours with them; and on proofs from our tiles at sizes
// around the borders of tiles.
func TestTree_AgreesWithTwoOthers(t *testing.T) {
	t.Parallel()
	const n = 66_000
	var e edge
	var p peaks
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
		c := Hash{byte(i), byte(i >> 8), byte(i >> 16)}
		leaf := LeafHash(c)
		if tlog.Hash(leaf) != tlog.RecordHash(c[:]) {
			t.Fatal("another leaf hash than x/mod's")
		}
		e.append(leaf, func(f tile) { tiles.put([]tile{f}) })
		p.add(leaf, 0)
		if err := other.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		more, err := tlog.StoredHashes(int64(i), c[:], reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
		size := int64(i + 1)
		if size > 700 && size%4999 != 0 && size%fileEntries > 2 && size != n {
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
		if root := e.root(); root != Hash(theirs) || root != Hash(xmod) || root != p.root() {
			t.Fatalf("%d leaves: the roots differ", size)
		}
		tiles.put(e.partial())
		checkProofs(t, tiles, Checkpoint{"o", size, e.root()}, reader)
	}
}

// checkProofs makes proofs from our tiles with one library and checks them with the other.
func checkProofs(t *testing.T, tiles stored, c Checkpoint, reader tlog.HashReader) {
	t.Helper()
	from := tlog.TileHashReader(c.tree(), tileReader(tiles.read))
	for _, index := range []int64{0, c.Size / 3, c.Size - 1} {
		path, err := tlog.ProveRecord(c.Size, index, from)
		if err != nil {
			t.Fatalf("%d of %d: %v", index, c.Size, err)
		}
		var hashes [][]byte
		for _, h := range path {
			hashes = append(hashes, h[:])
		}
		leaf := LeafHash(Hash{byte(index), byte(index >> 8), byte(index >> 16)})
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.Size), leaf[:], hashes, c.Root[:]); err != nil {
			t.Fatalf("%d of %d: %v", index, c.Size, err)
		}
		before, err := tlog.TreeHash(index+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := extends(tileReader(tiles.read), Checkpoint{"o", index + 1, Hash(before)}, c); err != nil {
			t.Fatalf("%d after %d: %v", c.Size, index+1, err)
		}
		if index+1 < c.Size && extends(tileReader(tiles.read), Checkpoint{"o", index + 1, Hash{1}}, c) == nil {
			t.Fatalf("%d after a foreign %d", c.Size, index+1)
		}
	}
}

func TestReadEdge_ContinuesAnyTree(t *testing.T) {
	t.Parallel()
	var e edge
	tiles := stored{}
	for i := range 66_000 {
		e.append(LeafHash(Hash{byte(i), byte(i >> 8)}), func(f tile) { tiles.put([]tile{f}) })
		if i%1009 != 0 && i%256 > 1 {
			continue
		}
		tiles.put(e.partial())
		again, err := readEdge(Checkpoint{"o", e.size, e.root()}, tiles.read)
		if err != nil {
			t.Fatalf("%d: %v", e.size, err)
		}
		again.append(Hash{9}, func(tile) {})
		copied := e
		copied.levels = nil
		for _, l := range e.levels {
			copied.levels = append(copied.levels, append(make([]Hash, 0, tileWidth), l...))
		}
		copied.append(Hash{9}, func(tile) {})
		if again.root() != copied.root() {
			t.Fatalf("%d: continued, the root is another", e.size)
		}
	}
}

func TestTilePath_HasOneForm(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]tilePath{
		"tile/0/000":                  {0, 0, 256},
		"tile/0/000.p/1":              {0, 0, 1},
		"tile/1/x001/x234/067":        {1, 1234067, 256},
		"tile/63/255.p/255":           {63, 255, 255},
		"tile/entries/x001/000.p/112": {entriesLevel, 1000, 112},
	} {
		got, err := parseTilePath(path)
		if err != nil || got != want || got.String() != path {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	for _, path := range []string{"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/000/", "tile/x/000",
		"tile/data/000", "/tile/0/000", "tile/0/../000", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/8/0/000", "tile/0/٠٠٠"} {
		if got, err := parseTilePath(path); err == nil {
			t.Errorf("%q is taken for %+v", path, got)
		}
	}
}

func FuzzTilePath(f *testing.F) {
	f.Add("tile/0/x001/234.p/5")
	f.Fuzz(func(t *testing.T, path string) {
		if got, err := parseTilePath(path); err == nil && (got.String() != path || got.index < 0 || got.index > maxIndex) {
			t.Errorf("%q becomes %+v", path, got)
		}
	})
}
