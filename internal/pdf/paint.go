package pdf

import (
	"bytes"
	"fmt"
)

// painter writes the content stream of one page. Marks are numbered in the
// order in which they are opened.
type painter struct {
	out    bytes.Buffer
	page   int
	next   int      // number of the next mark
	open   *element // whose mark is open, or nil
	bold   *face
	layout *Layout
}

// paintPage draws the strips of a page and returns the number of marks.
func (p *painter) paintPage(strips []placed) {
	for _, s := range strips {
		top := sheetHeight - p.layout.top - s.top
		if s.ruleAbove || s.ruleAtTop && s.top == 0 {
			p.rule(top)
		}
		if s.figure != nil {
			p.drawFigure(s.figure, top)
		}
		for _, r := range s.runs {
			p.enter(r.element)
			p.text(r.face, r.size, p.layout.side+r.x, top-r.drop, r.glyphs)
		}
		if s.ruleBelow {
			p.rule(top - s.height)
		}
	}
	p.leave()
}

// enter opens a mark of el, unless the last thing drawn was its too.
func (p *painter) enter(el *element) {
	if p.open == el {
		return
	}
	p.leave()
	fmt.Fprintf(&p.out, "/%s << /MCID %d >> BDC\n", el.tag, p.next)
	el.marks = append(el.marks, mark{p.page, p.next})
	p.next++
	p.open = el
}

func (p *painter) leave() {
	if p.open != nil {
		p.out.WriteString("EMC\n")
		p.open = nil
	}
}

func (p *painter) text(f *face, size, x, y float64, line []glyph) {
	f.use(line)
	name := "F1"
	if f == p.bold {
		name = "F2"
	}
	fmt.Fprintf(&p.out, "BT /%s %.4g Tf 1 0 0 1 %.2f %.2f Tm <", name, size, x, y)
	for _, g := range line {
		fmt.Fprintf(&p.out, "%04X", g.index)
	}
	p.out.WriteString("> Tj ET\n")
}

// rule draws a hairline over the width of the text; readers skip it.
func (p *painter) rule(y float64) {
	p.leave()
	fmt.Fprintf(&p.out, "/Artifact BMC q 0.5 w %.2g G %.2f %.2f m %.2f %.2f l S Q EMC\n",
		p.layout.ink, p.layout.side, y, sheetWidth-p.layout.side, y)
}

// drawFigure paints all bars as one path: painted one by one, fine light
// lines would show between them.
func (p *painter) drawFigure(f *figure, top float64) {
	p.enter(f.element)
	f.element.attributes = fmt.Sprintf("/O /Layout /Placement /Block /BBox [%.2f %.2f %.2f %.2f]",
		p.layout.side, top-p.layout.code, p.layout.side+p.layout.code, top)
	module := p.layout.code / float64(f.code.side)
	fmt.Fprintf(&p.out, "q %.5f 0 0 %.5f %.2f %.2f cm\n", module, -module, p.layout.side, top)
	for _, b := range f.code.bars {
		fmt.Fprintf(&p.out, "%d %d %d 1 re\n", b.x, b.y, b.length)
	}
	p.out.WriteString("f Q\n")
}

// footer draws the title at the left and the page number at the right.
func (p *painter) footer(f *face, title, number []glyph) {
	size := p.layout.footer.size
	right := sheetWidth - p.layout.side - measure(number, size)
	p.out.WriteString("/Artifact << /Type /Pagination /Subtype /Footer >> BDC\n")
	p.text(f, size, p.layout.side, p.layout.footerLine, title)
	p.text(f, size, right, p.layout.footerLine, number)
	p.out.WriteString("EMC\n")
}
