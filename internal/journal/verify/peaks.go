package verify

import (
	"mandat/internal/journal/format"
)

// peaks is a tree that only verification uses, so that it does not share its arithmetic with what built the tree: the
// roots of the perfect subtrees from left to right, each higher than the next.
type peaks struct {
	hash   []format.Hash
	height []int
	size   int64
}

// add appends the root of a perfect subtree of 2^height leaves, for which the size must be a multiple of that.
func (p *peaks) add(h format.Hash, height int) {
	p.size += 1 << height
	for n := len(p.hash); n > 0 && p.height[n-1] == height; n = len(p.hash) {
		h = format.NodeHash(p.hash[n-1], h)
		height++
		p.hash, p.height = p.hash[:n-1], p.height[:n-1]
	}
	p.hash, p.height = append(p.hash, h), append(p.height, height)
}

func (p *peaks) root() format.Hash {
	if len(p.hash) == 0 {
		return format.EmptyRoot()
	}
	n := len(p.hash) - 1
	h := p.hash[n]
	for n--; n >= 0; n-- {
		h = format.NodeHash(p.hash[n], h)
	}
	return h
}

// copyOf makes p equal to q, without sharing.
func (p *peaks) copyOf(q *peaks) {
	p.hash, p.height, p.size = append(p.hash[:0], q.hash...), append(p.height[:0], q.height...), q.size
}
