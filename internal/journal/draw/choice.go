package draw

import (
	"bytes"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// lot is what decides whether a place is drawn: the lower ones are.
type lot struct {
	hash  [sha256.Size]byte
	place int64
}

func (a lot) before(b lot) bool { return bytes.Compare(a.hash[:], b.hash[:]) < 0 }

// lotOf hashes a place with the seed. Each place has a number of its own, of 256 bits, that nobody can foresee without the seed: those with the
// lowest are a sample without replacement in which all places are alike. Whether a place is drawn does not depend on which others are
// there but by their lots, so that a draw can be checked when some of the population was forgotten since.
func lotOf(s Seed, place int64) lot {
	var b [len(placeDomain) + sha256.Size + 8]byte
	n := copy(b[:], placeDomain)
	n += copy(b[n:], s[:])
	binary.BigEndian.PutUint64(b[n:], uint64(place)) //nolint:gosec // places are not negative
	return lot{sha256.Sum256(b[:]), place}
}

// Choice keeps the places with the lowest lots of those that it was given.
type Choice struct {
	seed   Seed
	wanted int
	lots   lots
}

// NewChoice chooses so many places.
func NewChoice(s Seed, wanted int) *Choice { return &Choice{seed: s, wanted: wanted} }

func (c *Choice) add(place int64) {
	l := lotOf(c.seed, place)
	switch {
	case len(c.lots) < c.wanted:
		heap.Push(&c.lots, l)
	case l.before(c.lots[0]):
		c.lots[0] = l
		heap.Fix(&c.lots, 0)
	}
}

// Places are the chosen ones, in the order of the log.
func (c *Choice) Places() []int64 {
	out := make([]int64, len(c.lots))
	for i, l := range c.lots {
		out[i] = l.place
	}
	slices.Sort(out)
	return out
}

// lots is a heap whose first is the highest.
type lots []lot

// Len is how many there are.
func (l lots) Len() int { return len(l) }

// Less puts the higher first.
func (l lots) Less(i, j int) bool { return l[j].before(l[i]) }

// Swap swaps two.
func (l lots) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

// Push appends one.
func (l *lots) Push(x any) { *l = append(*l, x.(lot)) } //nolint:forcetypeassert // add pushes them

// Pop takes the last.
func (l *lots) Pop() any {
	old := *l
	x := old[len(old)-1]
	*l = old[:len(old)-1]
	return x
}
