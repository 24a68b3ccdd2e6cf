package search

import (
	"encoding/binary"
	"math/bits"
)

// The sizes of blocks, in entries.
const (
	small = 256
	large = 8192
)

// places are those of a block at which something is: one bit for each entry.
type places [large / 64]uint64

func (p *places) put(n int) { p[n/64] |= 1 << (n % 64) }

// all returns every place of a block.
func all(size int) *places {
	p := &places{}
	for n := range size / 64 {
		p[n] = ^uint64(0)
	}
	return p
}

// and reports whether something is left.
func (p *places) and(q *places) bool {
	var left uint64
	for n := range p {
		p[n] &= q[n]
		left |= p[n]
	}
	return left != 0
}

func (p *places) without(q *places) {
	for n := range p {
		p[n] &^= q[n]
	}
}

// last calls f with the places from the last on, until it returns false.
func (p *places) last(f func(n int) bool) bool {
	for w := len(p) - 1; w >= 0; w-- {
		for word := p[w]; word != 0; {
			bit := bits.Len64(word) - 1
			if !f(w*64 + bit) {
				return false
			}
			word &^= 1 << bit
		}
	}
	return true
}

// encode writes places as a row of a block of this size holds them: a list of numbers of two bytes while that is the shorter, else a bit for each
// entry.
func (p *places) encode(size int) []byte {
	count := 0
	for _, word := range p {
		count += bits.OnesCount64(word)
	}
	if 2*count < size/8 {
		out := make([]byte, 0, 2*count)
		for w, word := range p {
			for ; word != 0; word &= word - 1 {
				out = binary.BigEndian.AppendUint16(out, uint16(w*64+bits.TrailingZeros64(word))) //nolint:gosec // below 8192
			}
		}
		return out
	}
	out := make([]byte, 0, size/8)
	for _, word := range p[:size/64] {
		out = binary.BigEndian.AppendUint64(out, word)
	}
	return out
}

// take adds what encode wrote, and tells how many places that are. Of what it did not write it takes what lies in the block.
func (p *places) take(b []byte, size int) (count int) {
	if len(b) == size/8 {
		for n := range size / 64 {
			word := binary.BigEndian.Uint64(b[8*n:])
			p[n] |= word
			count += bits.OnesCount64(word)
		}
		return count
	}
	for ; len(b) >= 2; b = b[2:] {
		if n := int(binary.BigEndian.Uint16(b)); n < size {
			p.put(n)
			count++
		}
	}
	return count
}
