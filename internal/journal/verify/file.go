package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"mandat/internal/journal/format"
)

// file is the check of one file of entries. It is used for one file after the other, so that it allocates once.
type file struct {
	v      *verification
	number int64

	first, end    int64                 // indexes of its entries
	leaves        []format.Hash         // as computed from the lines: those of the last tile that is not full
	tiles         []format.Hash         // roots of the full tiles of leaves
	inner         map[int][]format.Hash // leaves of tiles within which a checkpoint ends
	points        []point               // checkpoints of sizes in this file, in order
	entries, over int64
	absent        *absent    // entries that are gone; nil: none is
	accounts      []*account // entries that say which others were forgotten
	times         stretches  // of the entries
	odd           *Fault     // the first entry that says what none should

	lines  lineReader
	hashes *opened
	held   format.Hash // what the file of hashes says of the entry being checked
}

// check does all that needs no other file.
func (f *file) check(ctx context.Context) error {
	f.first = f.number * format.FileEntries
	f.end = min(f.first+format.FileEntries, f.v.head.Size)
	f.leaves, f.tiles, f.inner, f.points = f.leaves[:0], f.tiles[:0], nil, f.points[:0]
	f.entries, f.over = 0, 0
	f.absent, f.accounts, f.odd = nil, f.accounts[:0], nil
	bad := f.readCheckpoints() // first, to know which leaves are needed: but entries are named first
	f.mark()
	f.times.begin(f.points)
	if err := f.readEntries(ctx); err != nil {
		return err
	}
	if err := f.checkTile(); err != nil {
		return err
	}
	return bad
}

// mark notes the tiles of leaves within which a checkpoint ends, and puts those from elsewhere among the kept ones.
func (f *file) mark() {
	for _, p := range f.v.extra {
		if p.size > f.first && p.size <= f.end {
			at, _ := slices.BinarySearchFunc(f.points, p, func(a, b point) int { return int(a.size - b.size) })
			f.points = slices.Insert(f.points, at, p)
		}
	}
	for _, p := range f.points {
		if p.size%format.TileWidth != 0 {
			if f.inner == nil {
				f.inner = map[int][]format.Hash{}
			}
			f.inner[int(p.size-f.first)/format.TileWidth] = nil
		}
	}
}

// leaf appends a leaf.
func (f *file) leaf(h format.Hash) {
	f.leaves = append(f.leaves, h)
	if len(f.leaves) < format.TileWidth {
		return
	}
	if _, needed := f.inner[len(f.tiles)]; needed {
		f.inner[len(f.tiles)] = slices.Clone(f.leaves)
	}
	f.tiles = append(f.tiles, format.PerfectRoot(f.leaves))
	f.leaves = f.leaves[:0]
}

// checkTile holds the tree's own hashes of the level above the leaves, which exports have since they have a list of their files, to the entries.
func (f *file) checkTile() error {
	if !f.v.contents.tiles || len(f.tiles) == 0 {
		return nil
	}
	path := format.TilePath{Level: 1, Index: f.number, Width: len(f.tiles)}
	hashes, err := f.v.contents.tile(path)
	if err != nil {
		return err
	}
	return f.v.above.differs(path, hashes, f.tiles)
}

// missing turns "there is no such file" into a fault of its first entry.
func (f *file) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return faultAt(f.first, "is missing: %v", err)
	}
	return err
}

func (f *file) readEntries(ctx context.Context) error {
	form := f.v.contents.request.Form
	lines, err := f.v.contents.open(form.Name(f.number))
	if err != nil {
		return f.missing(err)
	}
	defer lines.close()
	if f.hashes, err = f.v.contents.open(fmt.Sprintf(format.HashesName, f.number)); err != nil {
		return f.missing(err)
	}
	defer f.hashes.close()
	rest, err := f.lines.read(ctx, lines, form, f.entry)
	if err != nil {
		return blame(f.next(), err)
	}
	if err := f.ended(rest); err != nil {
		return err
	}
	if err := lines.whole(); err != nil {
		return err
	}
	return f.hashes.whole()
}

// next is the index of the entry whose line is awaited.
func (f *file) next() int64 { return f.first + int64(len(f.tiles)*format.TileWidth+len(f.leaves)) }

func (f *file) ended(rest []byte) error {
	switch {
	case len(rest) > 0:
		return &Fault{Index: f.next(), Last: f.next(), Action: actionOf(rest), What: "its line is cut off"}
	case f.next() != f.end:
		return faultAt(f.next(), "is missing: its file ends before it")
	}
	if _, err := f.hashes.ReadByte(); !errors.Is(err, io.EOF) {
		return faultAt(f.end, "is in the file of hashes, and has no line")
	}
	return nil
}

// entry checks one line.
func (f *file) entry(b []byte) error {
	want := f.next()
	l, b, what := f.v.contents.request.Form.Parse(b)
	var leaf format.Hash
	switch {
	case want >= f.end:
		what = "does not belong into this file"
	case what == "" && l.Index != want:
		what = fmt.Sprintf("is missing or moved: the line of %d stands in its place", l.Index)
	case what == "":
		leaf = format.LeafHash(l.Commitment)
		if _, err := io.ReadFull(f.hashes, f.held[:]); err != nil {
			what = "is missing from the file of hashes"
		} else {
			action := actionIfNot(leaf == f.held, b)
			if what = l.Check(b); what == "" && leaf != f.held {
				return &Fault{Index: want, Last: want, Action: action, What: "is not the entry that the tree holds in its place"}
			}
			what = f.contents(l, b, want, what, leaf == f.held)
		}
	}
	if what != "" {
		return &Fault{Index: want, Last: want, Action: actionOf(b), What: what}
	}
	f.leaf(leaf)
	if l.Over {
		f.over++
	} else {
		f.entries++
	}
	return nil
}

// contents looks at what an entry says that the tree holds. What is wrong with that was signed so, and nobody can mend it: it is named when nothing else is wrong, so that
// whoever once got such an entry into the log hides nothing by it. what is wrong already; it is returned when that is no matter of what the entry says.
func (f *file) contents(l format.Line, b []byte, index int64, what string, held bool) string {
	if what != "" && (!held || !l.Committed(b)) {
		return what
	}
	if what == "" {
		what = f.forgotten(l, index)
	}
	if what == "" && !l.Over {
		what = f.times.entry(index, l.Body)
	}
	f.odd = cmp.Or(f.odd, odd(l, index, what))
	return ""
}

// odd is the fault of an entry that says what none should; nil: nothing is wrong.
func odd(l format.Line, index int64, what string) *Fault {
	if what == "" {
		return nil
	}
	return &Fault{Index: index, Last: index, Action: actionOf(l.Body), What: what}
}

// forgotten notes an entry that is gone, or that says which others are.
func (f *file) forgotten(l format.Line, index int64) string {
	if l.Over {
		if index >= f.v.gone {
			f.isGone(index)
		}
		return ""
	}
	a, what := accounts(index, l.Body)
	if a != nil {
		f.accounts = append(f.accounts, a)
	}
	return what
}

// actionIfNot reads the action only of a line that does not fit: check overwrites the bytes before the body.
func actionIfNot(fits bool, b []byte) string {
	if fits {
		return ""
	}
	return actionOf(b)
}

// readCheckpoints checks the signatures of the checkpoints that were kept while this file's entries were added.
func (f *file) readCheckpoints() error {
	kept, err := f.v.contents.open(fmt.Sprintf(format.CheckpointsName, f.number))
	if err != nil {
		return f.missing(err)
	}
	defer kept.close()
	if f.points, err = readPoints(kept, f.v, f.first, f.end, f.points); err != nil {
		return err
	}
	return kept.whole()
}

// join appends the file's entries to the tree of the files before, and checks the checkpoints on the way.
func (f *file) join(tree *peaks) error {
	points := f.points
	pass := func(at *peaks) error {
		for len(points) > 0 && points[0].size == at.size {
			if err := f.pass(points[0], at.root()); err != nil {
				return err
			}
			points = points[1:]
		}
		return nil
	}
	var within peaks
	for n, root := range f.tiles {
		within.copyOf(tree)
		for _, leaf := range f.inner[n] {
			within.add(leaf, 0)
			if err := pass(&within); err != nil {
				return err
			}
		}
		tree.add(root, 8)
		if err := pass(tree); err != nil {
			return err
		}
	}
	for _, leaf := range f.leaves {
		tree.add(leaf, 0)
		if err := pass(tree); err != nil {
			return err
		}
	}
	if len(f.tiles) == format.TileWidth {
		f.v.above.add(format.PerfectRoot(f.tiles))
	}
	f.v.dates.pass(f.times.rest())
	f.v.odd = cmp.Or(f.v.odd, f.odd)
	return nil
}

// pass checks one checkpoint on the way, and holds the times of the entries before it to when it was there.
func (f *file) pass(p point, root format.Hash) error {
	if err := f.v.passed(p, root); err != nil || p.seen.none() {
		return err
	}
	w, err := f.v.when(p)
	if err != nil {
		return err
	}
	return f.v.reached(w, f.times.reached(p.size))
}
