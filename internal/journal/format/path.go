package format

import (
	"errors"
	"fmt"
	"strings"
)

// EntriesLevel stands for the bundles of entries, which have the indexes and widths of the tiles of level 0.
const EntriesLevel = -1

// TilePath says which tile a path names.
type TilePath struct {
	Level int   // EntriesLevel for a bundle of entries
	Index int64 // of the tile in its level
	Width int   // 1 to 256 hashes
}

// String is the path below the log's address: tile/<L>/<N>[.p/<W>] (C2SP tlog-tiles).
func (t TilePath) String() string {
	level := "entries"
	if t.Level != EntriesLevel {
		level = fmt.Sprint(t.Level)
	}
	n := fmt.Sprintf("%03d", t.Index%1000)
	for rest := t.Index / 1000; rest > 0; rest /= 1000 {
		n = fmt.Sprintf("x%03d/%s", rest%1000, n)
	}
	if t.Width < TileWidth {
		n += fmt.Sprintf(".p/%d", t.Width)
	}
	return "tile/" + level + "/" + n
}

var errTilePath = errors.New("not the path of a tile")

// ParseTilePath reads a path in exactly the form that String writes.
func ParseTilePath(path string) (TilePath, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 100 {
		return TilePath{}, errTilePath
	}
	level, rest, _ := strings.Cut(rest, "/")
	t := TilePath{Level: EntriesLevel, Width: TileWidth}
	if level != "entries" {
		l, err := ParseIndex(level)
		if err != nil || l > 63 {
			return TilePath{}, errTilePath
		}
		t.Level = int(l)
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		w, err := ParseIndex(width)
		if err != nil || w < 1 || w >= TileWidth {
			return TilePath{}, errTilePath
		}
		t.Width = int(w)
	}
	for element := range strings.SplitSeq(rest, "/") {
		for _, c := range strings.TrimPrefix(element, "x") {
			if c < '0' || c > '9' || t.Index > MaxIndex {
				return TilePath{}, errTilePath
			}
			t.Index = t.Index*10 + int64(c-'0')
		}
	}
	if t.Index > MaxIndex/TileWidth || t.String() != path { // zeroes too many, an x missing, elements of another length
		return TilePath{}, errTilePath
	}
	return t, nil
}
