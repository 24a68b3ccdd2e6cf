package pdf

import "fmt"

const (
	cellGutter = 12.0
	// A row of more lines than this may be cut by the end of a page.
	wholeRowLines = 20
)

// Pairs adds a table of facts, one a row: what it is (a row header), then the
// value, which may be empty.
func (d *Document) Pairs(rows [][2]string) { d.pairs(d.layout.body, rows) }

// SmallPairs is Pairs in the letters of small print.
func (d *Document) SmallPairs(rows [][2]string) { d.pairs(d.layout.small, rows) }

func (d *Document) pairs(st style, rows [][2]string) {
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
		tr := table.child("TR")
		th, td := tr.child("TH"), tr.child("TD")
		th.attributes = "/O /Table /Scope /Row"
		if d.layout.headShare == 0 {
			above := column(st, 0, d.layout.width(), th, head, d.bold)
			d.ruled(append(above, column(st, 0, d.layout.width(), td, value, d.regular)...), st, i == 0)
			continue
		}
		share := d.layout.width() * d.layout.headShare
		left := column(st, 0, share-cellGutter, th, head, d.bold)
		d.ruled(abreast(left, column(st, share, d.layout.width()-share, td, value, d.regular)), st, i == 0)
	}
}

// ruled adds the lines of a row, between rules.
func (d *Document) ruled(lines []strip, st style, first bool) {
	n, padding := len(lines), d.layout.rowPadding
	for i := range lines {
		s := &lines[i]
		s.gap, s.ruleAtTop, s.keep = 0, true, i+1 < n && (n <= wholeRowLines || keepsNext(i, n))
		if i == 0 {
			s.height += padding
			for j := range s.runs {
				s.runs[j].drop += padding
			}
			if first {
				s.gap, s.ruleAbove = st.before, true
			}
		}
		if i == n-1 {
			s.height += padding
			s.ruleBelow = true
		}
	}
	d.strips = append(d.strips, lines...)
}
