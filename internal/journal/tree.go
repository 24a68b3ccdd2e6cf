package journal

import "crypto/sha256"

// tileWidth is the number of hashes in a full tile: the tree in tiles of height 8, as C2SP tlog-tiles lays it out.
const tileWidth = 256

// emptyRoot is the root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
func emptyRoot() Hash { return sha256.Sum256(nil) }

// edge is the right border of a tree: all it takes to append leaves and to know the root. Level 0 of it holds the hashes
// of the last, partial tile of leaves; level l+1 the roots of the full tiles of level l, as far as they fill no tile.
type edge struct {
	size   int64
	levels [][]Hash
}

// tile is a tile of the tree whose content changed.
type tile struct {
	level  int
	index  int64
	hashes []Hash
}

// append adds a leaf and passes each tile that it fills to full.
func (e *edge) append(leaf Hash, full func(tile)) {
	h, n := leaf, e.size
	e.size++
	for level := 0; ; level++ {
		if level == len(e.levels) {
			e.levels = append(e.levels, make([]Hash, 0, tileWidth))
		}
		e.levels[level] = append(e.levels[level], h)
		if len(e.levels[level]) < tileWidth {
			return
		}
		n /= tileWidth
		full(tile{level, n, append([]Hash(nil), e.levels[level]...)})
		h = perfectRoot(e.levels[level])
		e.levels[level] = e.levels[level][:0]
	}
}

// partial returns the partial tiles of the border.
func (e *edge) partial() []tile {
	var out []tile
	n := e.size
	for level, hashes := range e.levels {
		n /= tileWidth
		if len(hashes) > 0 {
			out = append(out, tile{level, n, hashes})
		}
	}
	return out
}

// root is the root of the tree (RFC 6962 section 2.1).
func (e *edge) root() Hash {
	acc, any := Hash{}, false
	for _, hashes := range e.levels {
		acc, any = fold(hashes, acc, any)
	}
	if !any {
		return emptyRoot()
	}
	return acc
}

// fold joins the hashes of a run of equal subtrees with the hash of what lies right of it, if there is any.
func fold(run []Hash, right Hash, any bool) (Hash, bool) {
	for n := len(run); n > 0; n = len(run) {
		width := n & -n // the last perfect subtree of the run
		h := perfectRoot(run[n-width:])
		if any {
			h = NodeHash(h, right)
		}
		right, any = h, true
		run = run[:n-width]
	}
	return right, any
}

// perfectRoot is the root over hashes, whose number is a power of two of at most 256.
func perfectRoot(hashes []Hash) Hash {
	var level [tileWidth]Hash
	n := copy(level[:], hashes)
	for n > 1 {
		n /= 2
		for i := range n {
			level[i] = NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}
