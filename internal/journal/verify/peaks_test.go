package verify

import (
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"mandat/internal/journal/format"
)

// An implementation that is not ours agrees on every root, leaf by leaf and tile by tile.
func TestPeaks_AgreeWithAnother(t *testing.T) {
	t.Parallel()
	const n = 3000
	var byLeaf, byTile peaks
	var tile []format.Hash
	theirs := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for i := range n {
		leaf := format.LeafHash(format.Hash{byte(i), byte(i >> 8)})
		if err := theirs.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		byLeaf.add(leaf, 0)
		if want := rootOf(t, theirs); byLeaf.root() != want {
			t.Fatalf("%d leaves: the roots differ", i+1)
		}
		if tile = append(tile, leaf); len(tile) == format.TileWidth {
			byTile.add(format.PerfectRoot(tile), 8)
			if tile = tile[:0]; byTile.root() != byLeaf.root() || byTile.size != byLeaf.size {
				t.Fatalf("%d leaves, by tiles: the roots differ", i+1)
			}
		}
	}
}
