package pdf

import "fmt"

// Heading adds a heading of level 1, 2 or 3. It stays on the page of what
// follows it. Going down, no level may be skipped, so that a reader that
// jumps from heading to heading finds an outline without holes.
func (d *Document) Heading(level int, text string) {
	if level < 1 || level > 3 || level > d.level+1 {
		d.fail(fmt.Errorf("pdf: heading of level %d after level %d", level, d.level))
		return
	}
	d.level = level
	style := headingStyles[level-1]
	el := d.root.child(fmt.Sprintf("H%d", level))
	d.stack(style, el, d.required(d.bold, "heading", text), d.bold, true)
}

// Paragraph adds running text. A line feed in it starts a new line.
func (d *Document) Paragraph(text string) {
	d.stack(bodyStyle, d.root.child("P"), d.required(d.regular, "paragraph", text), d.regular, false)
}

// Note adds small print.
func (d *Document) Note(text string) {
	d.stack(noteStyle, d.root.child("P"), d.required(d.regular, "note", text), d.regular, false)
}

// stack sets text over the whole width, one strip a line.
func (d *Document) stack(st style, el *element, gs []glyph, f *face, heading bool) {
	lines := wrap(gs, st.size, textWidth)
	for i, line := range lines {
		s := strip{height: st.leading, keep: heading || keepsNext(i, len(lines))}
		if i == 0 {
			s.gap = st.before
		}
		s.runs = []run{{x: 0, drop: st.baseline(), size: st.size, face: f, glyphs: line, element: el}}
		d.strips = append(d.strips, s)
	}
}

// keepsNext tells whether line i of n stays with the next one, so that no
// page begins or ends with a single line of a longer text.
func keepsNext(i, n int) bool {
	return i+1 < n && (i == 0 || i == n-2)
}

const listIndent = 14.0

// List adds an unordered list (L, LI, Lbl, LBody).
func (d *Document) List(items []string) {
	if len(items) == 0 {
		d.fail(fmt.Errorf("pdf: list without items"))
		return
	}
	list := d.root.child("L")
	list.attributes = "/O /List /ListNumbering /Disc"
	bullet := d.text(d.regular, "bullet", "•")
	for i, text := range items {
		li := list.child("LI")
		label, body := li.child("Lbl"), li.child("LBody")
		gs := d.required(d.regular, fmt.Sprintf("list item %d", i+1), text)
		before := len(d.strips)
		st := itemStyle
		if i == 0 {
			st.before = bodyStyle.before
		}
		d.stackAt(st, listIndent, body, gs)
		if d.err != nil {
			return
		}
		first := &d.strips[before]
		mark := run{x: 3, drop: st.baseline(), size: st.size, face: d.regular, glyphs: bullet, element: label}
		first.runs = append([]run{mark}, first.runs...)
	}
}

func (d *Document) stackAt(st style, x float64, el *element, gs []glyph) {
	lines := wrap(gs, st.size, textWidth-x)
	for i, line := range lines {
		s := strip{height: st.leading, keep: keepsNext(i, len(lines))}
		if i == 0 {
			s.gap = st.before
		}
		s.runs = []run{{x: x, drop: st.baseline(), size: st.size, face: d.regular, glyphs: line, element: el}}
		d.strips = append(d.strips, s)
	}
}
