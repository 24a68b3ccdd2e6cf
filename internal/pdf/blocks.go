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

// stack sets text over the whole width.
func (d *Document) stack(st style, el *element, gs []glyph, f *face, heading bool) {
	strips := column(st, 0, el, gs, f)
	for i := range strips {
		strips[i].keep = strips[i].keep || heading
	}
	d.strips = append(d.strips, strips...)
}

// column sets text between x and the right margin, one strip a line.
func column(st style, x float64, el *element, gs []glyph, f *face) []strip {
	lines := wrap(gs, st.size, textWidth-x)
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

const (
	bulletIndent = 3.0
	listIndent   = 14.0
)

// List adds an unordered list (L, LI, Lbl, LBody).
func (d *Document) List(items []string) {
	if len(items) == 0 {
		d.fail(fmt.Errorf("pdf: list without items"))
		return
	}
	d.lead()
	list := d.root.child("L")
	list.attributes = "/O /List /ListNumbering /Disc"
	bullet := d.text(d.regular, "bullet", "•")
	for i, text := range items {
		li := list.child("LI")
		label, body := li.child("Lbl"), li.child("LBody")
		gs := d.required(d.regular, fmt.Sprintf("list item %d", i+1), text)
		if d.err != nil {
			return
		}
		strips := column(itemStyle, listIndent, body, gs, d.regular)
		if i == 0 {
			strips[0].gap = bodyStyle.before
		}
		mark := run{x: bulletIndent, drop: itemStyle.baseline(), size: itemStyle.size, face: d.regular, glyphs: bullet, element: label}
		strips[0].runs = append([]run{mark}, strips[0].runs...)
		d.strips = append(d.strips, strips...)
	}
}
