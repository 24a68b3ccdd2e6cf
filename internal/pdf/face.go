package pdf

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
)

// The fonts are under the SIL Open Font License, fonts/OFL.txt.
var (
	//go:embed fonts/regular.ttf
	regularTTF []byte
	//go:embed fonts/bold.ttf
	boldTTF []byte
)

// face is one of our TrueType fonts, and what a document used of it.
type face struct {
	tables map[string][]byte
	em     int // units per em
	glyphs map[rune]uint16
	widths []int           // advance of each glyph, in 1/1000 of the size
	used   map[uint16]rune // the character each glyph used stands for
}

var errFont = errors.New("damaged font file")

// parseFace reads the tables of a TrueType font (OpenType specification,
// chapter "Font file"). Only our own two files are ever given to it.
func parseFace(ttf []byte) (*face, error) {
	f := &face{tables: map[string][]byte{}, used: map[uint16]rune{}}
	if len(ttf) < 12 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(ttf[4:]))
	for i := range n {
		at := 12 + 16*i
		if len(ttf) < at+16 {
			return nil, errFont
		}
		offset := int(binary.BigEndian.Uint32(ttf[at+8:]))
		length := int(binary.BigEndian.Uint32(ttf[at+12:]))
		if offset+length > len(ttf) {
			return nil, errFont
		}
		f.tables[string(ttf[at:at+4])] = ttf[offset : offset+length]
	}
	for tag, least := range map[string]int{"head": 54, "hhea": 36, "maxp": 6, "OS/2": 90, "hmtx": 4, "loca": 2, "glyf": 1, "cmap": 4} {
		if len(f.tables[tag]) < least {
			return nil, fmt.Errorf("%w: table %s", errFont, tag)
		}
	}
	f.em = f.u16("head", 18)
	f.readWidths()
	return f, f.readCharacters()
}

// u16 reads the unsigned number at an offset of a table.
func (f *face) u16(table string, at int) int {
	return int(binary.BigEndian.Uint16(f.tables[table][at:]))
}

// i16 reads a signed number, scaled to 1/1000 of the size.
func (f *face) i16(table string, at int) int {
	return int(int16(f.u16(table, at))) * 1000 / f.em
}

func (f *face) readWidths() {
	long := f.u16("hhea", 34)
	f.widths = make([]int, f.u16("maxp", 4))
	for g := range f.widths {
		f.widths[g] = (f.u16("hmtx", 4*min(g, long-1))*1000 + f.em/2) / f.em
	}
}

// readCharacters reads the Unicode subtable of format 4 (segments).
func (f *face) readCharacters() error {
	f.glyphs = map[rune]uint16{}
	for i := range f.u16("cmap", 2) {
		at := 4 + 8*i
		sub := f.u16("cmap", at+4)<<16 | f.u16("cmap", at+6)
		if f.u16("cmap", at) == 3 && f.u16("cmap", at+2) == 1 && f.u16("cmap", sub) == 4 {
			f.readSegments(sub)
			return nil
		}
	}
	return fmt.Errorf("%w: no Unicode characters", errFont)
}

func (f *face) readSegments(sub int) {
	double := f.u16("cmap", sub+6)
	ends := sub + 14
	starts, deltas, ranges := ends+double+2, ends+2*double+2, ends+3*double+2
	for s := 0; s < double; s += 2 {
		first, last := f.u16("cmap", starts+s), f.u16("cmap", ends+s)
		delta, skip := f.u16("cmap", deltas+s), f.u16("cmap", ranges+s)
		for c := first; c <= last && c != 0xFFFF; c++ {
			g := c
			if skip != 0 {
				g = f.u16("cmap", ranges+s+skip+2*(c-first))
			}
			if g != 0 || skip == 0 {
				g = (g + delta) & 0xFFFF
			}
			if g != 0 {
				f.glyphs[rune(c)] = uint16(g)
			}
		}
	}
}
