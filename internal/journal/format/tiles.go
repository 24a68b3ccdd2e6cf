package format

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TileWidth is the number of hashes in a full tile: the tree in tiles of height 8, as C2SP tlog-tiles lays it out.
const TileWidth = 256

// EmptyRoot is the root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// PerfectRoot is the root over hashes, whose number is a power of two of at most 256.
func PerfectRoot(hashes []Hash) Hash {
	var level [TileWidth]Hash
	n := copy(level[:], hashes)
	for n > 1 {
		n /= 2
		for i := range n {
			level[i] = NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}

// TileReader gives the tlog package tiles, from wherever they are. It checks them against a root by itself.
type TileReader func(TilePath) ([]byte, error)

// Height is the height of the tiles.
func (r TileReader) Height() int { return 8 }

// ReadTiles reads tiles.
func (r TileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, err := r(TilePath{t.L, t.N, t.W})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", TilePath{t.L, t.N, t.W}, err)
		}
		out[i] = b
	}
	return out, nil
}

// SaveTiles does nothing: there is no cache.
func (r TileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// Extends checks with tiles that are not trusted that the tree of next begins with the tree of last.
func Extends(tiles tlog.TileReader, last, next Checkpoint) error {
	if last.Size == next.Size || last.Size == 0 {
		if last.Size == next.Size && last.Root != next.Root || last.Size == 0 && last.Root != EmptyRoot() {
			return fmt.Errorf("another root for %d entries", last.Size)
		}
		return nil
	}
	proof, err := tlog.ProveTree(next.Size, last.Size, tlog.TileHashReader(next.Tree(), tiles))
	if err != nil {
		return fmt.Errorf("the tiles do not lead to its root: %w", err)
	}
	if tlog.CheckTree(proof, next.Size, tlog.Hash(next.Root), last.Size, tlog.Hash(last.Root)) != nil {
		return fmt.Errorf("the first %d entries are others", last.Size)
	}
	return nil
}
