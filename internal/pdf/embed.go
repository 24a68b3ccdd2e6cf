package pdf

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// write adds the face, reduced to the glyphs used, as a composite font whose
// codes are glyph numbers (ISO 32000-1, 9.7).
func (f *face) write(out *file) ref {
	used := slices.Sorted(maps.Keys(f.used))
	data := f.subset(used)
	name := subsetTag(data) + "+AtkinsonHyperlegibleNext-" + f.weight()
	program := out.stream(fmt.Sprintf("/Length1 %d", len(data)), data)
	descriptor := out.add(fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d]"+
		" /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontFile2 %s >>", name,
		f.i16("head", 36), f.i16("head", 38), f.i16("head", 40), f.i16("head", 42),
		f.i16("hhea", 4), f.i16("hhea", 6), f.i16("OS/2", 88), f.stem(), program))
	var widths strings.Builder
	for _, g := range used {
		fmt.Fprintf(&widths, "%d [%d] ", g, f.widths[g])
	}
	descendant := out.add(fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s"+
		" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"+
		" /FontDescriptor %s /DW %d /W [%s] /CIDToGIDMap /Identity >>", name, descriptor, f.widths[0], widths.String()))
	unicode := out.stream("", f.toUnicode(used))
	return out.add(fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H"+
		" /DescendantFonts [%s] /ToUnicode %s >>", name, descendant, unicode))
}

func (f *face) weight() string {
	if f.bold() {
		return "Bold"
	}
	return "Regular"
}

func (f *face) bold() bool { return f.u16("OS/2", 4) >= 600 }

// stem is the usual thickness of a vertical stroke; a reader only needs it to
// stand in for a font that cannot be loaded.
func (f *face) stem() int {
	if f.bold() {
		return 140
	}
	return 85
}

// subsetTag is the six capital letters that set apart subsets of one font.
func subsetTag(data []byte) string {
	h := sha256.Sum256(data)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + h[i]%26
	}
	return string(tag)
}

// toUnicode maps glyphs back to characters, for copying and reading aloud.
func (f *face) toUnicode(used []uint16) []byte {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	// A list holds at most 100 pairs.
	for part := range slices.Chunk(used, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for _, g := range part {
			fmt.Fprintf(&b, "<%04X> <", g)
			for _, u := range utf16.Encode([]rune{f.used[g]}) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return []byte(b.String())
}
