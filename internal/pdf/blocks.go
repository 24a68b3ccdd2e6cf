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
	style := d.layout.headings[level-1]
	el := d.root.child(fmt.Sprintf("H%d", level))
	d.stack(style, el, d.required(d.bold, "heading", text), d.bold, true)
}

// Paragraph adds running text. A line feed in it starts a new line.
func (d *Document) Paragraph(text string) {
	d.stack(d.layout.body, d.root.child("P"), d.required(d.regular, "paragraph", text), d.regular, false)
}

// Note adds small print.
func (d *Document) Note(text string) {
	d.stack(d.layout.small, d.root.child("P"), d.required(d.regular, "note", text), d.regular, false)
}

// stack sets text over the whole width.
func (d *Document) stack(st style, el *element, gs []glyph, f *face, heading bool) {
	strips := column(st, 0, d.layout.width(), el, gs, f)
	for i := range strips {
		strips[i].keep = strips[i].keep || heading
	}
	d.strips = append(d.strips, strips...)
}

// column sets text between x and x + width, one strip a line.
func column(st style, x, width float64, el *element, gs []glyph, f *face) []strip {
	lines := wrap(gs, st.size, width)
	strips := make([]strip, len(lines))
	for i, line := range lines {
		strips[i] = strip{height: st.leading, keep: keepsNext(i, len(lines))}
		strips[i].runs = []run{{x: x, drop: st.baseline(), size: st.size, face: f, glyphs: line, element: el}}
	}
	if len(strips) > 0 {
		strips[0].gap = st.before
	}
	return strips
}

// lead keeps what was said last on the page of what it leads to: a list, a
// table or a code.
func (d *Document) lead() {
	if n := len(d.strips); n > 0 {
		d.strips[n-1].keep = true
	}
}

// keepsNext tells whether line i of n stays with the next one, so that no
// page begins or ends with a single line of a longer text.
func keepsNext(i, n int) bool {
	return i+1 < n && (i == 0 || i == n-2)
}
