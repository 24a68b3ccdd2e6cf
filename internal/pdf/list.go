package pdf

import "fmt"

const (
	bulletIndent = 0.17 // of the size of the letters
	listIndent   = 1.33 // as much
	columnGutter = 14.0
)

// List adds an unordered list (L, LI, Lbl, LBody). In a layout of two columns the first half of the items stands at the left.
func (d *Document) List(items []string) {
	if len(items) == 0 {
		d.fail(fmt.Errorf("pdf: list without items"))
		return
	}
	d.lead()
	list := d.root.child("L")
	list.attributes = "/O /List /ListNumbering /Disc"
	n := max(1, d.layout.columns)
	width := (d.layout.width() - columnGutter*float64(n-1)) / float64(n)
	each := (len(items) + n - 1) / n
	var strips []strip
	for c := range n {
		first, last := min(c*each, len(items)), min((c+1)*each, len(items))
		strips = abreast(strips, d.items(list, items[first:last], first, float64(c)*(width+columnGutter), width))
	}
	if d.err != nil {
		return
	}
	strips[0].gap = d.layout.body.before
	d.strips = append(d.strips, strips...)
}

// items sets some items of a list, the first of which is number from, between x and x + width.
func (d *Document) items(list *element, items []string, from int, x, width float64) []strip {
	var out []strip
	st := d.layout.item
	bullet := d.text(d.regular, "bullet", "•")
	for i, text := range items {
		li := list.child("LI")
		label, body := li.child("Lbl"), li.child("LBody")
		gs := d.required(d.regular, fmt.Sprintf("list item %d", from+i+1), text)
		if d.err != nil {
			return nil
		}
		indent := listIndent * st.size
		strips := column(st, x+indent, width-indent, body, gs, d.regular)
		mark := run{x: x + bulletIndent*st.size, drop: st.baseline(), size: st.size, face: d.regular, glyphs: bullet, element: label}
		strips[0].runs = append([]run{mark}, strips[0].runs...)
		out = append(out, strips...)
	}
	return out
}

// abreast puts the lines of a column beside those of the columns before it. What stands abreast is one strip, as high as its higher part, and
// its gap is the larger one.
func abreast(before, column []strip) []strip {
	if before == nil {
		return column
	}
	out := before
	for i, s := range column {
		if i == len(out) {
			out = append(out, column[i:]...)
			break
		}
		out[i].gap, out[i].height = max(out[i].gap, s.gap), max(out[i].height, s.height)
		out[i].keep = out[i].keep || s.keep
		out[i].runs = append(out[i].runs, s.runs...)
	}
	return out
}
