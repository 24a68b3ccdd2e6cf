package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"sync"

	"mandat/internal/journal/format"
)

// An export of a part of the log has, beside its lines, the tiles that lead from them to the signed root: the roots of all files of 65,536
// entries (the tiles of level 2), which give the root of the log; of each file with lines, the roots of its 256 tiles of leaves
// (one tile of level 1); and those tiles of leaves in which lines stand (hashes/). So each line is shown to stand where it says.
// That no line was left out shows when entries were asked for without a filter, and only then.

// part is the check of an export of a part.
type part struct {
	*verification
	from, end int64

	roots []format.Hash // of the full files
	edge  []format.Hash // of the last file, which is not full: the roots of its full tiles
	last  []format.Hash // the leaves of the last tile, which is not full
	tree  pyramid

	mu   sync.Mutex
	next int64 // file to be taken
	bad  int64 // the first file with a fault
	err  error

	times map[int64]*partTimes // by the number of the file
}

// partTimes are the times of a file's entries, and what others say of its checkpoints.
type partTimes struct {
	times stretches
	said  []said
}

// checkPart checks an export of a part, and tells what it holds.
func checkPart(ctx context.Context, o Options, v *verification, r *Report) error {
	p := &part{verification: v, times: map[int64]*partTimes{}, from: v.contents.request.From, end: v.contents.request.End(v.head.Size)}
	r.Origin, r.Size, r.Root, r.SignedBy, r.Asked = v.head.Origin, v.head.Size, v.head.Root, v.headBy, &v.contents.request
	if err := p.spine(); err != nil {
		return err
	}
	r.Checkpoints = 1
	err := p.run(ctx, o.Workers)
	r.Entries, r.Over, r.Checkpoints = v.entries, v.over, 1+v.checkpoints
	if err == nil {
		err = p.dated()
	}
	v.told(r)
	if err == nil {
		err = v.contents.rest()
	}
	if err != nil {
		return err
	}
	return v.atLast()
}

// dated holds the times of the entries to what others say, in the order of the files.
func (p *part) dated() error {
	for _, number := range slices.Sorted(maps.Keys(p.times)) {
		f := p.times[number]
		for _, w := range f.said {
			if err := p.reached(w, f.times.reached(w.size)); err != nil {
				return err
			}
		}
		p.dates.pass(f.times.rest())
	}
	return p.stamps.rest()
}

// spine reads what gives the root of the log.
func (p *part) spine() error {
	size := p.head.Size
	for index := int64(0); index*format.TileWidth < size/format.FileEntries; index++ {
		hashes, err := p.contents.tile(format.TilePath{Level: fileLevel, Index: index, Width: int(min(format.TileWidth, size/format.FileEntries-index*format.TileWidth))})
		if err != nil {
			return err
		}
		p.roots = append(p.roots, hashes...)
	}
	var err error
	tiles := size / format.TileWidth
	if width := int(tiles % format.TileWidth); width > 0 {
		if p.edge, err = p.contents.tile(format.TilePath{Level: 1, Index: tiles / format.TileWidth, Width: width}); err != nil {
			return err
		}
	}
	if width := int(size % format.TileWidth); width > 0 {
		if p.last, err = p.contents.tile(format.TilePath{Level: 0, Index: tiles, Width: width}); err != nil {
			return err
		}
	}
	p.tree = pyramidOf(p.roots)
	if root := p.rootAt(size, p.edge, p.last); root != p.head.Root {
		return faultIn("the tiles of the export do not lead to the root of its checkpoint")
	}
	for _, e := range p.extra { // a smaller tree cannot be told from tiles that are not there
		if e.size == size && e.root != p.head.Root {
			return faultIn("%s is of other entries", e.what)
		}
	}
	return nil
}

// rootAt is the root of the log when it had so many entries: tiles are the roots of the tiles of its last file, leaves those of its last tile.
func (p *part) rootAt(size int64, tiles, leaves []format.Hash) format.Hash {
	at := p.tree.prefix(size / format.FileEntries)
	for _, h := range tiles[:size/format.TileWidth%format.TileWidth] {
		at.add(h, 8)
	}
	for _, h := range leaves[:size%format.TileWidth] {
		at.add(h, 0)
	}
	return at.root()
}

func (p *part) run(ctx context.Context, workers int) error {
	if workers <= 0 {
		workers = min(runtime.GOMAXPROCS(0), 2)
	}
	p.next, p.bad = p.from/format.FileEntries, p.files
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			f := &partFile{p: p}
			defer f.lines.release()
			for number, ok := p.take(); ok; number, ok = p.take() {
				p.took(number, f, f.check(ctx, number))
			}
		})
	}
	all.Wait()
	return errors.Join(p.err, ctx.Err())
}

// take gives the next file in which lines may stand.
func (p *part) take() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.next
	p.next++
	return number, number < p.bad && number*format.FileEntries < p.end
}

// took notes what a file held, and the fault of the first one that has one.
func (p *part) took(number int64, f *partFile, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && number < p.bad {
		p.bad, p.err = number, err
	}
	p.entries += f.entries
	p.over += f.over
	p.checkpoints += f.kept
	if f.odd != nil && (p.odd == nil || f.odd.Index < p.odd.Index) {
		p.odd = f.odd
	}
	p.times[number] = &partTimes{f.times, f.said}
}

// absentFile says whether a file of entries is not there, which it need not be when a filter found nothing in it.
func (p *part) absentFile(err error) bool {
	return errors.Is(err, fs.ErrNotExist) && p.contents.request.Filter != format.Filter{}
}

// pyramid are the roots of files, and of all perfect subtrees above them.
type pyramid [][]format.Hash

func pyramidOf(roots []format.Hash) pyramid {
	out := pyramid{roots}
	for row := roots; len(row) > 1; {
		up := make([]format.Hash, len(row)/2)
		for n := range up {
			up[n] = format.NodeHash(row[2*n], row[2*n+1])
		}
		out, row = append(out, up), up
	}
	return out
}

// fileHeight is the height of the subtree of a file.
const fileHeight = 16

// prefix is the tree of the first files.
func (y pyramid) prefix(files int64) *peaks {
	out := &peaks{}
	at := int64(0)
	for k := len(y) - 1; k >= 0; k-- {
		if files&(1<<k) != 0 {
			out.add(y[k][at>>k], fileHeight+k)
			at += 1 << k
		}
	}
	return out
}

// notInTree is the fault of a tile that the root above it is not of.
func notInTree(path format.TilePath) *Fault {
	width := int64(1) << (8 * (path.Level + 1))
	first := path.Index * width
	return &Fault{Index: first, Last: first + int64(path.Width)<<(8*path.Level) - 1, File: path.String(), What: fmt.Sprintf("the hashes of the tile %s do not lead to the signed root", path)}
}
