package pdf

import "fmt"

const (
	headWidth  = textWidth * 0.34
	cellGutter = 12.0
	rowPadding = 4.0
	// A row of more lines than this may be cut by the end of a page.
	wholeRowLines = 20
)

// Pairs adds a table of facts, one a row: what it is (a row header), then the
// value, which may be empty.
func (d *Document) Pairs(rows [][2]string) {
	if len(rows) == 0 {
		d.fail(fmt.Errorf("pdf: table without rows"))
		return
	}
	d.lead()
	table := d.root.child("Table")
	for i, row := range rows {
		where := fmt.Sprintf("table row %d", i+1)
		head := d.required(d.bold, where, row[0])
		value := d.text(d.regular, where, row[1])
		if d.err != nil {
			return
		}
		d.row(table.child("TR"), head, value, i == 0)
	}
}

func (d *Document) row(tr *element, head, value []glyph, first bool) {
	th, td := tr.child("TH"), tr.child("TD")
	th.attributes = "/O /Table /Scope /Row"
	st := bodyStyle
	left := wrap(head, st.size, headWidth-cellGutter)
	right := wrap(value, st.size, textWidth-headWidth)
	n := max(len(left), len(right))
	for i := range n {
		s := strip{height: st.leading, ruleAtTop: true, keep: i+1 < n && (n <= wholeRowLines || keepsNext(i, n))}
		drop := st.baseline()
		if i == 0 {
			s.height += rowPadding
			drop += rowPadding
			s.ruleAbove = first
		}
		if i == 0 && first {
			s.gap = st.before
		}
		if i == n-1 {
			s.height += rowPadding
			s.ruleBelow = true
		}
		if i < len(left) {
			s.runs = append(s.runs, run{x: 0, drop: drop, size: st.size, face: d.bold, glyphs: left[i], element: th})
		}
		if i < len(right) {
			s.runs = append(s.runs, run{x: headWidth, drop: drop, size: st.size, face: d.regular, glyphs: right[i], element: td})
		}
		d.strips = append(d.strips, s)
	}
}
