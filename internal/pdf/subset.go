package pdf

import (
	"bytes"
	"encoding/binary"
)

// A composite font needs these tables only (ISO 32000-1, 9.9); the three of
// hinting are there when the font has them.
var embeddedTables = []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"}

// subset writes the font with the outlines of the glyphs used, of those they
// are composed of, and of glyph 0. Glyphs keep their numbers.
func (f *face) subset(used []uint16) []byte {
	keep := map[int]bool{}
	f.close(keep, 0)
	for _, g := range used {
		f.close(keep, int(g))
	}
	var glyf bytes.Buffer
	loca := make([]byte, 0, 4*(len(f.widths)+1))
	for g := range f.widths {
		loca = binary.BigEndian.AppendUint32(loca, uint32(glyf.Len()))
		if keep[g] {
			glyf.Write(f.outline(g))
			for glyf.Len()%4 != 0 {
				glyf.WriteByte(0)
			}
		}
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(glyf.Len()))
	head := bytes.Clone(f.tables["head"])
	binary.BigEndian.PutUint32(head[8:], 0)  // checksum of the whole, not used in a PDF
	binary.BigEndian.PutUint16(head[50:], 1) // loca in 32 bits
	return writeTables(func(tag string) []byte {
		switch tag {
		case "glyf":
			return glyf.Bytes()
		case "loca":
			return loca
		case "head":
			return head
		}
		return f.tables[tag]
	})
}

// outline is the drawing of a glyph, empty for a blank.
func (f *face) outline(g int) []byte {
	if f.u16("head", 50) == 0 {
		return f.tables["glyf"][2*f.u16("loca", 2*g) : 2*f.u16("loca", 2*g+2)]
	}
	loca := f.tables["loca"]
	return f.tables["glyf"][binary.BigEndian.Uint32(loca[4*g:]):binary.BigEndian.Uint32(loca[4*g+4:])]
}

// close adds a glyph and its components, as in É = E + acute.
func (f *face) close(keep map[int]bool, g int) {
	if keep[g] {
		return
	}
	keep[g] = true
	o := f.outline(g)
	if len(o) < 10 || int16(binary.BigEndian.Uint16(o)) >= 0 {
		return
	}
	for at, more := 10, true; more; {
		flags := binary.BigEndian.Uint16(o[at:])
		f.close(keep, int(binary.BigEndian.Uint16(o[at+2:])))
		at += 4 + componentArguments(flags)
		more = flags&0x0020 != 0
	}
}

// componentArguments is the size of offsets and scale after a component's
// number (OpenType specification, table glyf).
func componentArguments(flags uint16) int {
	n := 2
	if flags&0x0001 != 0 {
		n = 4
	}
	switch {
	case flags&0x0008 != 0:
		n += 2
	case flags&0x0040 != 0:
		n += 4
	case flags&0x0080 != 0:
		n += 8
	}
	return n
}

func writeTables(table func(tag string) []byte) []byte {
	var tags []string
	for _, t := range embeddedTables {
		if table(t) != nil {
			tags = append(tags, t)
		}
	}
	n := len(tags)
	power := 1
	for power*2 <= n {
		power *= 2
	}
	log := 0
	for 1<<(log+1) <= n {
		log++
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{n, power * 16, log, (n - power) * 16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	var body []byte
	for _, t := range tags {
		data := table(t)
		out = append(out, t...)
		out = binary.BigEndian.AppendUint32(out, checksum(data))
		out = binary.BigEndian.AppendUint32(out, uint32(12+16*n+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		body = append(body, data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(out, body...)
}

func checksum(data []byte) uint32 {
	var sum uint32
	for i := 0; i < len(data); i += 4 {
		var word [4]byte
		copy(word[:], data[i:])
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}
