package journal

import (
	"errors"
	"fmt"
	"strings"
)

// entriesLevel stands for the bundles of entries, which have the indexes and widths of the tiles of level 0.
const entriesLevel = -1

// tilePath says which tile a path names.
type tilePath struct {
	level int   // entriesLevel for a bundle of entries
	index int64 // of the tile in its level
	width int   // 1 to 256 hashes
}

// String is the path below the log's address: tile/<L>/<N>[.p/<W>] (C2SP tlog-tiles).
func (t tilePath) String() string {
	level := "entries"
	if t.level != entriesLevel {
		level = fmt.Sprint(t.level)
	}
	n := fmt.Sprintf("%03d", t.index%1000)
	for rest := t.index / 1000; rest > 0; rest /= 1000 {
		n = fmt.Sprintf("x%03d/%s", rest%1000, n)
	}
	if t.width < tileWidth {
		n += fmt.Sprintf(".p/%d", t.width)
	}
	return "tile/" + level + "/" + n
}

var errTilePath = errors.New("not the path of a tile")

// parseTilePath reads a path in exactly the form that String writes.
func parseTilePath(path string) (tilePath, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 100 {
		return tilePath{}, errTilePath
	}
	level, rest, _ := strings.Cut(rest, "/")
	t := tilePath{level: entriesLevel, width: tileWidth}
	if level != "entries" {
		l, err := parseIndex(level)
		if err != nil || l > 63 {
			return tilePath{}, errTilePath
		}
		t.level = int(l)
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		w, err := parseIndex(width)
		if err != nil || w < 1 || w >= tileWidth {
			return tilePath{}, errTilePath
		}
		t.width = int(w)
	}
	for element := range strings.SplitSeq(rest, "/") {
		for _, c := range strings.TrimPrefix(element, "x") {
			if c < '0' || c > '9' || t.index > maxIndex {
				return tilePath{}, errTilePath
			}
			t.index = t.index*10 + int64(c-'0')
		}
	}
	if t.index > maxIndex/tileWidth || t.String() != path { // zeroes too many, an x missing, elements of another length
		return tilePath{}, errTilePath
	}
	return t, nil
}
