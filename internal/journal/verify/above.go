package verify

import (
	"fmt"

	"mandat/internal/journal/format"
)

// above are the hashes of the tiles above those of files, as they must be: from level 2 on, where each is the root of a file of entries. They are
// few, one in 65,536 entries.
type above struct{ levels [][]format.Hash }

// fileLevel is the level of tiles whose hashes are roots of files.
const fileLevel = 2

// add appends the root of a full file.
func (a *above) add(root format.Hash) {
	for level := 0; ; level++ {
		if level == len(a.levels) {
			a.levels = append(a.levels, nil)
		}
		a.levels[level] = append(a.levels[level], root)
		n := len(a.levels[level])
		if n%format.TileWidth != 0 {
			return
		}
		root = format.PerfectRoot(a.levels[level][n-format.TileWidth:])
	}
}

// check holds the tiles of an export to them.
func (a *above) check(c *contents) error {
	if !c.tiles {
		return nil
	}
	for level, want := range a.levels {
		for index := 0; index*format.TileWidth < len(want); index++ {
			row := want[index*format.TileWidth : min((index+1)*format.TileWidth, len(want))]
			path := format.TilePath{Level: fileLevel + level, Index: int64(index), Width: len(row)}
			got, err := c.tile(path)
			if err != nil {
				return err
			}
			if err := a.differs(path, got, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// differs names the first hash of a tile that is not over its entries.
func (a *above) differs(path format.TilePath, got, want []format.Hash) error {
	for n, h := range want {
		if got[n] != h {
			width := int64(1) << (8 * path.Level)
			first := (path.Index*format.TileWidth + int64(n)) * width
			return &Fault{Index: first, Last: first + width - 1, File: path.String(), What: fmt.Sprintf("the log's tile %s is not over its entries", path)}
		}
	}
	return nil
}
