package tree

import "mandat/internal/journal/format"

// edge is the right border of a tree: all it takes to append leaves and to know the root. Level 0 of it holds the hashes
// of the last, partial tile of leaves; level l+1 the roots of the full tiles of level l, as far as they fill no tile.
type edge struct {
	size   int64
	levels [][]format.Hash
}

// tile is a tile of the tree whose content changed.
type tile struct {
	level  int
	index  int64
	hashes []format.Hash
}

// append adds a leaf and passes each tile that it fills to full.
func (e *edge) append(leaf format.Hash, full func(tile)) {
	h, n := leaf, e.size
	e.size++
	for level := 0; ; level++ {
		if level == len(e.levels) {
			e.levels = append(e.levels, make([]format.Hash, 0, format.TileWidth))
		}
		e.levels[level] = append(e.levels[level], h)
		if len(e.levels[level]) < format.TileWidth {
			return
		}
		n /= format.TileWidth
		full(tile{level, n, append([]format.Hash(nil), e.levels[level]...)})
		h = format.PerfectRoot(e.levels[level])
		e.levels[level] = e.levels[level][:0]
	}
}

// partial returns the partial tiles of the border.
func (e *edge) partial() []tile {
	var out []tile
	n := e.size
	for level, hashes := range e.levels {
		n /= format.TileWidth
		if len(hashes) > 0 {
			out = append(out, tile{level, n, hashes})
		}
	}
	return out
}

// root is the root of the tree (RFC 6962 section 2.1).
func (e *edge) root() format.Hash {
	acc, any := format.Hash{}, false
	for _, hashes := range e.levels {
		acc, any = fold(hashes, acc, any)
	}
	if !any {
		return format.EmptyRoot()
	}
	return acc
}

// fold joins the hashes of a run of equal subtrees with the hash of what lies right of it, if there is any.
func fold(run []format.Hash, right format.Hash, any bool) (format.Hash, bool) {
	for n := len(run); n > 0; n = len(run) {
		width := n & -n // the last perfect subtree of the run
		h := format.PerfectRoot(run[n-width:])
		if any {
			h = format.NodeHash(h, right)
		}
		right, any = h, true
		run = run[:n-width]
	}
	return right, any
}
