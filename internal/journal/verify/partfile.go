package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"mandat/internal/journal/format"
)

// partFile is the check of one file of a part. It is used for one file after the other.
type partFile struct {
	p      *part
	number int64

	first, end    int64 // indexes that may stand in it
	next          int64 // the first index that its next line may have
	tiles         []format.Hash
	tile          int64 // the tile of leaves that was read last
	leaves        []format.Hash
	points        []point // kept checkpoints that are not checked yet, in order
	times         stretches
	said          []said
	odd           *Fault // as in file
	entries, over int64
	kept          int64

	lines  lineReader
	hashes *opened
}

func (f *partFile) check(ctx context.Context, number int64) error {
	p := f.p
	f.number, f.tile, f.entries, f.over, f.kept = number, -1, 0, 0, 0
	f.times, f.said, f.odd = stretches{}, nil, nil
	f.first, f.end = max(number*format.FileEntries, p.from), min((number+1)*format.FileEntries, p.end)
	f.next = f.first
	form := p.contents.request.Form
	lines, err := p.contents.open(form.Name(number))
	if p.absentFile(err) {
		return nil
	}
	if err != nil {
		return f.missing(err)
	}
	defer lines.close()
	if f.hashes, err = p.contents.open(fmt.Sprintf(format.HashesName, number)); err != nil {
		return f.missing(err)
	}
	defer f.hashes.close()
	if err := f.readTiles(); err != nil {
		return err
	}
	if err := f.readKept(); err != nil {
		return err
	}
	f.times.begin(f.points)
	rest, err := f.lines.read(ctx, lines, form, f.entry)
	if err != nil {
		return blame(f.next, err)
	}
	if err := f.ended(rest); err != nil {
		return err
	}
	return errors.Join(lines.whole(), f.hashes.whole())
}

func (f *partFile) missing(err error) error { return faultAt(f.first, "is missing: %v", err) }

// readTiles reads the roots of the file's tiles of leaves.
func (f *partFile) readTiles() error {
	if f.number == int64(len(f.p.roots)) {
		f.tiles = f.p.edge
		return nil
	}
	path := format.TilePath{Level: 1, Index: f.number, Width: format.TileWidth}
	var err error
	if f.tiles, err = f.p.contents.tile(path); err != nil {
		return err
	}
	if format.PerfectRoot(f.tiles) != f.p.roots[f.number] {
		return notInTree(path)
	}
	return nil
}

// entry checks one line.
func (f *partFile) entry(b []byte) error {
	l, b, what := f.p.contents.request.Form.Parse(b)
	gaps := f.p.contents.request.Filter != format.Filter{}
	switch {
	case what != "":
	case l.Index < f.next || l.Index >= f.end:
		what = fmt.Sprintf("is missing or moved: the line of %d stands in its place", l.Index)
	case l.Index > f.next && !gaps:
		what = fmt.Sprintf("is missing: the line of %d stands in its place", l.Index)
	}
	if what != "" {
		return &Fault{Index: f.next, Last: f.next, Action: actionOf(b), What: what}
	}
	f.next = l.Index
	if err := f.readLeaves(l.Index / format.TileWidth); err != nil {
		return err
	}
	action := actionIfNot(format.LeafHash(l.Commitment) == f.leaves[l.Index%format.TileWidth], b)
	if what = l.Check(b); what == "" && format.LeafHash(l.Commitment) != f.leaves[l.Index%format.TileWidth] {
		return &Fault{Index: l.Index, Last: l.Index, Action: action, What: "is not the entry that the tree holds in its place"}
	}
	if what != "" && (format.LeafHash(l.Commitment) != f.leaves[l.Index%format.TileWidth] || !l.Committed(b)) {
		return &Fault{Index: l.Index, Last: l.Index, Action: actionOf(b), What: what}
	}
	if what == "" && !l.Over {
		what = f.times.entry(l.Index, l.Body)
	}
	f.odd = cmp.Or(f.odd, odd(l, l.Index, what))
	f.next = l.Index + 1
	if l.Over {
		f.over++
	} else {
		f.entries++
	}
	return nil
}

// readLeaves reads the next tile of leaves, if the one of the line is not read yet, and holds it to the root above it.
func (f *partFile) readLeaves(tile int64) error {
	if tile == f.tile {
		return nil
	}
	first := tile * format.TileWidth
	width := int(min(format.TileWidth, f.p.head.Size-first))
	f.leaves = f.leaves[:0]
	for range width {
		var h format.Hash
		if _, err := io.ReadFull(f.hashes, h[:]); err != nil {
			return faultAt(f.next, "is missing from the file of hashes")
		}
		f.leaves = append(f.leaves, h)
	}
	f.tile = tile
	path := format.TilePath{Level: 0, Index: tile, Width: width}
	if width == format.TileWidth {
		if format.PerfectRoot(f.leaves) != f.tiles[tile%format.TileWidth] {
			return notInTree(path)
		}
		return f.passed()
	}
	for n, h := range f.leaves {
		if h != f.p.last[n] {
			return notInTree(path)
		}
	}
	return f.passed()
}

// passed checks the kept checkpoints of trees that end in the tile that was read.
func (f *partFile) passed() error {
	for len(f.points) > 0 && (f.points[0].size-1)/format.TileWidth == f.tile {
		c := f.points[0]
		f.points = f.points[1:]
		if f.p.rootAt(c.size, f.tiles, f.leaves) == c.root {
			f.kept++
			if c.seen.none() {
				continue
			}
			w, err := f.p.when(c)
			if err != nil {
				return err
			}
			f.said = append(f.said, w)
			continue
		}
		return &Fault{Index: f.tile * format.TileWidth, Last: c.size - 1, What: "the kept checkpoint of " + fmt.Sprint(c.size) + " entries is not of this tree"}
	}
	return nil
}

// readKept checks the signatures of the kept checkpoints.
func (f *partFile) readKept() error {
	name := fmt.Sprintf(format.CheckpointsName, f.number)
	kept, err := f.p.contents.open(name)
	if err != nil {
		return f.missing(err)
	}
	defer kept.close()
	first := f.number * format.FileEntries
	f.points, err = readPoints(kept, f.p.verification, first, min(first+format.FileEntries, f.p.head.Size), f.points[:0])
	if err != nil {
		return err
	}
	return kept.whole()
}

func (f *partFile) ended(rest []byte) error {
	switch {
	case len(rest) > 0:
		return &Fault{Index: f.next, Last: f.next, Action: actionOf(rest), What: "its line is cut off"}
	case f.next != f.end && f.p.contents.request.Filter == format.Filter{}:
		return faultAt(f.next, "is missing: its file ends before it")
	case len(f.points) > 0:
		return faultAt(f.points[0].size-1, "is the last of a kept checkpoint, and the tile that holds it is not in the export")
	}
	if _, err := f.hashes.ReadByte(); !errors.Is(err, io.EOF) {
		return faultAt(f.next, "is followed in the file of hashes by others, of which there is no line")
	}
	return nil
}
